"""用量与查询记录: what an institution asked, by whom and for what, and what it may still ask today ((十))."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from rongxin.disclosure import own_log
from rongxin.disclosure.register import UseOfData
from rongxin.entrypoints.api import authentication, paging
from rongxin.parties import institutions, quotas
from rongxin.rights.rules import use as reasons
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.zone import BUSINESS_ZONE

router = Router(tags=["查询记录 Own queries"])
_SEES = authentication.INSTITUTION | authentication.INSTITUTION_ADMINISTRATOR


class Narrowed(Schema):
    """Which lines are wanted; of the days both are counted in."""

    find: paging.Find = Field("", description="业务编号")
    person: paging.Find = Field("", description="查询人")
    purpose: Purpose | None = None
    outcome: Literal["released", "refused", "open"] | None = None
    since: paging.Day | None = None
    until: paging.Day | None = None

    def wanted(self) -> own_log.Wanted:
        return own_log.Wanted(
            person=self.person,
            purpose=self.purpose.value if self.purpose else "",
            outcome=self.outcome or "",
            reference=self.find,
            since=datetime.combine(self.since, time(), BUSINESS_ZONE) if self.since else None,
            until=datetime.combine(self.until + timedelta(days=1), time(), BUSINESS_ZONE)
            if self.until
            else None,
        )


@router.get("", auth=_SEES, summary="本机构的查询记录 Own log")
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    narrowed: Query[Narrowed],
) -> list[dict[str, Any]]:
    """List what the institution asked, the newest first, refusals included, to be laid beside its cases."""
    caller = authentication.caller(request)
    window = paging.window(request, wanted)
    part = own_log.of("institution", caller.party, window, narrowed.wanted())
    paging.link(request, answer, part)
    return [_line(use) for use in part.rows]


@router.get("/quota", auth=_SEES, summary="今日用量 What is used and left today")
def quota(request: HttpRequest) -> dict[str, Any]:
    """Give each count of the day with its limit, what is nearly used up first."""
    caller = authentication.caller(request)
    return {
        "institution": caller.party,
        "daily_quota": institutions.get(caller.party).daily_quota,
        "counts": [
            {
                "scope": one.scope.value,
                "label": one.label,
                "whose": one.whose or None,
                "used": one.used,
                "left": one.left,
                "allowed": one.allowed,
            }
            for one in quotas.standing(caller.party, as_of=caller.at)
        ],
    }


def _line(use: UseOfData) -> dict[str, Any]:
    why = reasons.words(use.reason) if use.released is False else None
    return {
        "request": str(use.request),
        "asked_at": use.asked_at.isoformat(),
        "person": use.person,
        "purpose": use.purpose,
        "reference": use.reference,
        "outcome": "open" if use.released is None else "released" if use.released else "refused",
        "reason": use.reason or None,
        "reason_label": why.label if why else None,
        "kept_until": use.kept_until.isoformat() if use.kept_until else None,
    }
