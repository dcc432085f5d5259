"""用量与查询记录: what is used and left today by branch and person, and the own log with filters."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _lazy

from rongxin.disclosure import own_log as log
from rongxin.disclosure.own_log import Wanted
from rongxin.disclosure.rules import INSTITUTION_PURPOSES
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import institutions, quotas
from rongxin.parties.rules import permission
from rongxin.rights.rules import use as reasons
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.zone import BUSINESS_ZONE

_OUTCOMES = (("released", _lazy("已提供")), ("refused", _lazy("已拒绝")), ("open", _lazy("办理中")))
_SEES = permission.INSTITUTION | permission.INSTITUTION_ADMINISTRATOR


@visitors.page(_SEES)
def quota(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show each count of the day with its limit, what is nearly used up first."""
    counts = quotas.standing(visitor.role.party, as_of=visitor.at)
    context = {
        "here": "institution_quota",
        "institution": institutions.get(visitor.role.party),
        "counts": [{"one": one, "bar": min(100, one.used * 100 // max(1, one.allowed))} for one in counts],
        "limits": quotas.limits(visitor.today),
    }
    return pages.render(request, "institution/quota.html", context)


@visitors.page(_SEES)
def own_log(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List what the institution asked, by whom, for what and what came of it, the newest first."""
    given = {key: request.GET.get(key, "").strip() for key in ("person", "purpose", "outcome", "from", "to")}
    part = log.of("institution", visitor.role.party, pages.window(request), _wanted(given))
    lines = [
        {
            "use": use,
            "purpose": next((one.label for one in Purpose if one == use.purpose), use.purpose),
            "why": why.label if use.released is False and (why := reasons.words(use.reason)) else "",
        }
        for use in part.rows
    ]
    context = {
        "here": "institution_log",
        "lines": lines,
        "given": given,
        "purposes": [one for one in Purpose if one in INSTITUTION_PURPOSES],
        "outcomes": _OUTCOMES,
        "onward": pages.onward(part.last, **given),
    }
    return pages.render(request, "institution/log.html", context)


def _wanted(given: dict[str, str]) -> Wanted:
    until = _moment(given["to"])
    return Wanted(
        person=given["person"],
        purpose=given["purpose"],
        outcome=given["outcome"],
        since=_moment(given["from"]),
        until=until + timedelta(days=1) if until else None,
    )


def _moment(text: str) -> datetime | None:
    """Return the beginning of a day; what is no date filters nothing."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), BUSINESS_ZONE)
    except ValueError:
        return None
