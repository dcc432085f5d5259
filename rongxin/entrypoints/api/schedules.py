"""报送计划: a provider sees when its batches are due and of which it was reminded; the operator sets it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from rongxin.catalogue import loader
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing import item_sources
from rongxin.sharing.quality import rules, sheets
from rongxin.sharing.schedule import lateness, plans
from rongxin.sharing.schedule.rules import Every

router = Router(tags=["报送计划 Schedules"])
_EITHER = authentication.PROVIDER | authentication.STAFF
_READ = _EITHER | authentication.BUREAU


class Plan(Schema):
    """`day`: of the week (1 to 7) or of the month (1 to 31; a shorter month's last day)."""

    every: Every
    day: int | None = None
    grace_working_days: int = 3


@router.get("", auth=_READ, summary="现行计划 Plans in force")
def show(request: HttpRequest, provider: str | None = None) -> list[dict[str, Any]]:
    """Return every plan with its last and next due day: a provider's own, or the operator's choice."""
    caller = authentication.caller(request)
    return lateness.shown(provider=_whose(caller, provider), as_of=caller.at)


@router.get("/reminders", auth=_READ, summary="逾期与催报 Reminders of late batches")
def reminders(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    provider: str | None = None,
    month: str | None = None,
    only_open: bool = False,
) -> list[dict[str, Any]]:
    """Return the reminders, the newest first, and when the batch came after all.

    `month` (YYYY-MM): of what was due in it, as the month's report has them; `only_open`: nothing came yet.
    """
    caller = authentication.caller(request)
    span = rules.span_of(sheets.checked_month(month, as_of=caller.at)) if month else None
    rows = lateness.reminders(
        provider=_whose(caller, provider), span=span, only_open=only_open, as_of=caller.at
    )
    return paging.whole(request, answer, wanted, rows, "-due_on", "provider", "item")


@router.put(
    "/{provider}/{item}", auth=authentication.SYSTEM | authentication.DESK, summary="设定计划 Set a plan"
)
def save(request: HttpRequest, provider: str, item: str, body: Plan) -> dict[str, Any]:
    """Set a provider's plan from today on; what was due before stays as it was. What a national source shares
    already is refused; where others share some of it, they are named.
    """
    caller = authentication.caller(request)
    made = plans.set_plan(
        item=item,
        provider=provider,
        every=body.every,
        day=body.day,
        grace_working_days=body.grace_working_days,
        actor=caller.actor,
        as_of=caller.at,
    )
    told = {"version": made.version, "label": made.plan.label, "since": made.plan.since}
    shared = item_sources.others(loader.load().item(item), provider, as_of=caller.at)
    return {
        "provider": provider,
        "item": item,
        **told,
        "shared_already_by": [source.document() for source in shared],
    }


def _whose(caller: Caller, provider: str | None) -> str | None:
    """Return whose plans a caller sees: a provider's are its own, whatever it asks for."""
    if caller.party_kind is not PartyKind.PROVIDER:
        return provider
    if provider not in (None, caller.party):
        raise Problem(403, "not_permitted", "数据提供单位只能查看本单位的报送计划")
    return caller.party
