"""批量调用: two of the operator's enter and check an agreement; a provider sees its own and its load."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing.bulk import agreements, refresh
from rongxin.sharing.bulk.rules import Terms

router = Router(tags=["批量调用 Calls in bulk, by agreement"])
_EITHER = authentication.PROVIDER | authentication.STAFF


class Agreement(Schema):
    """What the paper says. `document_sha256`: of the signed file, which stays in the operator's records."""

    provider: str
    item: str = Field(description="信息项：须为无须企业授权的接口调用")
    document_number: Annotated[str, Field(min_length=1, max_length=120)]
    document_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    signed_on: date
    from_on: date
    until_on: date
    calls_per_minute: int
    refresh_days: int
    keep_days: int = 0


class BulkReason(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.get("/agreements", auth=_EITHER, summary="约定一览 Agreements")
def listed(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], provider: str | None = None
) -> list[dict[str, Any]]:
    """Return all agreements, the newest first: a provider's own, or the operator's choice."""
    whose = _whose(authentication.caller(request), provider)
    rows = [card.document() for card in agreements.every(provider=whose)]
    return paging.whole(request, answer, wanted, rows, "-proposed_at", "agreement")


@router.get("/status", auth=_EITHER | authentication.BUREAU, summary="更新情况与负荷 Freshness and load")
def status(request: HttpRequest, provider: str | None = None) -> list[dict[str, Any]]:
    """Return of each agreement in force how fresh its subjects are, and how often the provider was asked."""
    caller = authentication.caller(request)
    whose = _whose(caller, provider)
    return [dict(one) for one in refresh.status(as_of=caller.at, provider=whose)]


@router.post("/agreements", auth=authentication.DESK, summary="录入约定 Enter an agreement")
def propose(request: HttpRequest, body: Agreement) -> dict[str, Any]:
    """Enter what a paper says; nobody is asked by it before another person has checked it."""
    caller = authentication.caller(request)
    given = body.dict()
    provider, item = given.pop("provider"), given.pop("item")
    made = agreements.propose(
        Terms(**given), provider=provider, item=item, actor=caller.actor, as_of=caller.at
    )
    return made.document()


@router.post("/agreements/{agreement}/confirm", auth=authentication.CHECKER, summary="核对 Confirm")
def confirm(request: HttpRequest, agreement: UUID) -> dict[str, Any]:
    """Put another person's entry in force, after laying it beside the paper."""
    caller = authentication.caller(request)
    return agreements.confirm(agreement, actor=caller.actor, as_of=caller.at).document()


@router.post("/agreements/{agreement}/decline", auth=authentication.DESK, summary="不予核对 Decline")
def decline(request: HttpRequest, agreement: UUID, body: BulkReason) -> dict[str, Any]:
    """Turn an entry down."""
    caller = authentication.caller(request)
    return agreements.decline(agreement, reason=body.reason, actor=caller.actor, as_of=caller.at).document()


@router.post("/agreements/{agreement}/end", auth=authentication.DESK, summary="终止 End an agreement")
def end(request: HttpRequest, agreement: UUID, body: BulkReason) -> dict[str, Any]:
    """End an agreement at once; what becomes of the rows it says itself."""
    caller = authentication.caller(request)
    return agreements.end(agreement, reason=body.reason, actor=caller.actor, as_of=caller.at).document()


def _whose(caller: Caller, provider: str | None) -> str | None:
    """Return whose agreements a caller sees: a provider's are its own, whatever it asks for."""
    if caller.party_kind is not PartyKind.PROVIDER:
        return provider
    if provider not in (None, caller.party):
        raise Problem(403, "not_permitted", "数据提供单位只能查看本单位的约定")
    return caller.party
