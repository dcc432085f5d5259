"""用量与查询记录: what is used and left today by branch and person, and the own log with filters."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _lazy

from rongxin.disclosure import own_log as log
from rongxin.disclosure.register import UseOfData
from rongxin.disclosure.rules import INSTITUTION_PURPOSES
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, quotas
from rongxin.parties.rules import permission
from rongxin.rights.rules import use as reasons
from rongxin.vocabulary.purpose import Purpose

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


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[UseOfData]:
    until = wanted.moment("to")
    asked = log.Wanted(
        person=wanted["person"],
        purpose=wanted["purpose"],
        outcome=wanted["outcome"],
        reference=wanted["find"],
        since=wanted.moment("from"),
        until=until + timedelta(days=1) if until else None,
    )
    return log.of("institution", visitor.role.party, window, asked)


def _outcome(use: UseOfData) -> Cell:
    said = "open" if use.released is None else "released" if use.released else "refused"
    why = reasons.words(use.reason) if use.released is False else None
    return Cell(str(dict(_OUTCOMES)[said]), note=wording.named(why.label) if why else "")


def _purpose(use: UseOfData) -> str:
    return wording.named(next((one.label for one in Purpose if one == use.purpose), use.purpose))


LOG = Listing(
    "institution_log",
    _lazy("查询记录"),
    (
        Column(_lazy("时间"), lambda use: lists.at(use.asked_at), whole=True),
        Column(_lazy("查询人"), lambda use: use.person),
        Column(_lazy("用途"), _purpose),
        Column(_lazy("业务编号"), lambda use: use.reference),
        Column(_lazy("结果"), _outcome),
    ),
    _rows,
    _lazy("没有这样的查询记录。"),
    (
        Filter("find", _lazy("业务编号"), "search"),
        Filter("person", _lazy("查询人")),
        Filter(
            "purpose",
            _lazy("用途"),
            "choice",
            lambda: lists.words([one for one in Purpose if one in INSTITUTION_PURPOSES]),
        ),
        Filter("outcome", _lazy("结果"), "choice", lambda: _OUTCOMES),
        lists.SINCE,
        lists.UNTIL,
    ),
    keeps=True,
)


@visitors.page(_SEES, "GET", "POST")
def own_log(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what the institution asked, by whom, for what and what came of it, the newest first."""
    return lists.answer(request, visitor, LOG, "institution/log.html", {"here": "institution_log"})
