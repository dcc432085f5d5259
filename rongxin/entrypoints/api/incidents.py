"""处置案卷: what looked like misuse, the institution's explanation, the operator's decision ((十))."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from rongxin.entrypoints.api import authentication, paging
from rongxin.governance.watching import incidents
from rongxin.parties.rules.membership import PartyKind

router = Router(tags=["处置案卷 Incidents"])


class Statement(Schema):
    statement: str = Field(min_length=1, max_length=2000, description="机构的说明")


class Decision(Schema):
    outcome: Literal["confirmed", "cleared"] = Field(description="认定或排除；排除即撤销已采取的措施")
    why: str = Field(min_length=1, max_length=2000, description="理由")


@router.get(
    "",
    auth=authentication.UNSERVED_INSTITUTION | authentication.SECURITY | authentication.AUDIT,
    summary="处置案卷 Incidents, newest first",
)
def show(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], live: bool = True
) -> list[dict[str, Any]]:
    """Return an institution's own incidents, or to the operator all; `live=false` adds those decided."""
    caller = authentication.caller(request)
    own = caller.party if caller.party_kind is PartyKind.INSTITUTION else None
    today = timezone.localdate(caller.at)
    part = incidents.part_of(paging.window(request, wanted), institution_id=own, live_only=live)
    paging.link(request, answer, part)
    return [one.document(on=today) for one in part.rows]


@router.post("/{incident}/statement", auth=authentication.UNSERVED_INSTITUTION, summary="机构说明 Explain")
def explain(request: HttpRequest, incident: UUID, body: Statement) -> dict[str, Any]:
    """Explain what happened, once; the operator decides with the explanation before it."""
    caller = authentication.caller(request)
    card = incidents.state_case(
        incident, body.statement, institution_id=caller.party, actor=caller.actor, as_of=caller.at
    )
    return card.document(on=timezone.localdate(caller.at))


@router.post("/{incident}/decision", auth=authentication.SECURITY, summary="处理决定 Decide")
def decide(request: HttpRequest, incident: UUID, body: Decision) -> dict[str, Any]:
    """Confirm or clear, with the reason; what is cleared takes the measure back at once."""
    caller = authentication.caller(request)
    card = incidents.decide(
        incident, cleared=body.outcome == "cleared", why=body.why, actor=caller.actor, as_of=caller.at
    )
    return card.document(on=timezone.localdate(caller.at))
