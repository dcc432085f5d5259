"""签署规则: how many of the firm's people sign a consent or an application, and who agrees to change it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from rongxin.consent.errors import UnknownConsent
from rongxin.consent.signing import demands
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.parties import identity

router = Router(tags=["签署 Signing"])


class RuleIn(Schema):
    """Another number, and a fresh word of the identity provider for the legal representative."""

    needed: int = Field(ge=1, le=1000, description="须签署的人数")
    evidence: dict[str, str]


class AgreementIn(Schema):
    evidence: dict[str, str]


@router.get("", auth=authentication.SUBJECT, summary="签署规则 Rules")
def listed(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """List every rule that the firm ever proposed, the newest first, and which of them holds now."""
    caller = authentication.caller(request)
    rows = [_out(card, caller) for card in demands.history(int(caller.party))]
    return paging.whole(request, answer, wanted, rows, "-proposed_at", "rule")


@router.post("", auth=authentication.SUBJECT, response={201: dict[str, Any]}, summary="改变签署人数 Propose")
def propose(request: HttpRequest, rule: RuleIn) -> Status[dict[str, Any]]:
    """Have so many sign, as the legal representative: more at once, fewer once all asked now have agreed."""
    caller = authentication.caller(request)
    assertion = identity.attest(rule.evidence, as_of=caller.at)
    card = demands.propose(
        int(caller.party), rule.needed, assertion=assertion, actor=caller.actor, as_of=caller.at
    )
    return Status(201, _out(card, caller))


@router.post("/{rule}/agreement", auth=authentication.SUBJECT, summary="同意减少签署人数 Agree")
def agree(request: HttpRequest, rule: UUID, agreement: AgreementIn) -> dict[str, Any]:
    """Agree that fewer sign, as one of those who are asked now."""
    caller = authentication.caller(request)
    _own(rule, caller)
    assertion = identity.attest(agreement.evidence, as_of=caller.at)
    card = demands.agree(rule, assertion=assertion, actor=caller.actor, as_of=caller.at)
    return _out(card, caller)


@router.delete("/{rule}", auth=authentication.SUBJECT, summary="不同意改变 Object to a rule")
def drop(request: HttpRequest, rule: UUID) -> dict[str, Any]:
    """Object to a rule that doesn't hold yet: the one in force goes on."""
    caller = authentication.caller(request)
    _own(rule, caller)
    return _out(demands.drop(rule, actor=caller.actor, as_of=caller.at), caller)


def _own(rule: UUID, caller: Caller) -> None:
    if str(demands.get(rule).subject_id) != caller.party:
        raise UnknownConsent(f"没有编号为{rule}的签署规则")


def _out(card: demands.Card, caller: Caller) -> dict[str, Any]:
    return {
        "rule": str(card.id),
        "needed": card.needed,
        "needed_now": demands.needed(card.subject_id, as_of=caller.at),
        "proposed_at": card.proposed_at.isoformat(),
        "effective_at": _moment(card.effective_at),
        "dropped_at": _moment(card.dropped_at),
        "open": card.open(as_of=caller.at),
        "agreed": [{"name": one.name, "at": one.signed_at.isoformat()} for one in card.signed],
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
