"""措施: what the operator imposes on an institution, and what two of its people lift ((十))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from rongxin.entrypoints.api import authentication, paging
from rongxin.governance import measures
from rongxin.governance.measures import Wanted
from rongxin.governance.rules import Act
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.quota import Scope

router = Router(tags=["措施 Measures"])


class Proposed(Schema):
    institution: str = Field(max_length=64)
    act: Act = Field(description="暂停与要求关联业务立即生效；其余（恢复、终止等）须另一人确认")
    scope: Scope | None = Field(None, description="limit 与 unlimit 的范围")
    key: str = Field("", max_length=128, description="分支机构或查询人；空为全部")
    allowed: int | None = Field(None, ge=0, le=1_000_000_000, description="limit 与 daily_quota 的数量")
    why: str = Field(min_length=1, max_length=500, description="理由")


@router.get(
    "",
    auth=authentication.UNSERVED_INSTITUTION | authentication.SECURITY | authentication.AUDIT,
    summary="措施 Measures, newest first",
)
def show(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], open_only: bool = False
) -> list[dict[str, Any]]:
    """Return an institution's own, or to the operator all; `open_only` leaves those to be confirmed."""
    caller = authentication.caller(request)
    own = caller.party if caller.party_kind is PartyKind.INSTITUTION else None
    part = measures.part_of(paging.window(request, wanted), institution=own, open_only=open_only)
    paging.link(request, answer, part)
    return list(part.rows)


@router.post("", auth=authentication.SECURITY, summary="采取或提出措施 Impose or propose")
def propose(request: HttpRequest, body: Proposed) -> dict[str, Any]:
    """Stop at once, or propose what a second person has to confirm."""
    caller = authentication.caller(request)
    wanted = Wanted(body.institution, body.act, body.scope, body.key, body.allowed)
    return measures.propose(wanted, why=body.why, actor=caller.actor, as_of=caller.at)


@router.post("/{measure}/confirm", auth=authentication.SECURITY, summary="确认 Confirm")
def confirm(request: HttpRequest, measure: UUID) -> dict[str, Any]:
    """Confirm, as another person than the one who proposed it; it takes effect at once."""
    caller = authentication.caller(request)
    return measures.confirm(measure, actor=caller.actor, as_of=caller.at)


@router.post("/{measure}/decline", auth=authentication.SECURITY, summary="不予采取 Decline")
def decline(request: HttpRequest, measure: UUID) -> dict[str, Any]:
    """Let it be; nothing changes for the institution."""
    caller = authentication.caller(request)
    return measures.decline(measure, actor=caller.actor, as_of=caller.at)
