"""接入条件: on what an institution was approved, reported as met by it, answered by the operator ((十))."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, File, Form, Router, Schema
from ninja.files import UploadedFile

from rongxin.entrypoints.api import authentication, handed_in
from rongxin.entrypoints.api.authentication import Caller
from rongxin.governance.conditions import fulfilment
from rongxin.governance.conditions.fulfilment import Card
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.zone import business_day

router = Router(tags=["接入状态 Standing"])
_ANSWERS = authentication.DESK | authentication.SECURITY


class SentBack(Schema):
    reason: str = Field(min_length=1, max_length=500, description="缺什么，机构会看到")


@router.get(
    "/{institution}/conditions",
    auth=authentication.UNSERVED_INSTITUTION | _ANSWERS | authentication.AUDIT,
    summary="接入条件 Conditions",
)
def listed(request: HttpRequest, institution: str) -> list[dict[str, Any]]:
    """Return the conditions of an institution's approvals, to itself and the operator: by when each is due,
    how it stands, and through which day the institution is served while it isn't met.
    """
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    return [_told(card, caller) for card in fulfilment.of_institution(institution)]


@router.post(
    "/{institution}/conditions/{condition}/report",
    auth=authentication.UNSERVED_ADMINISTRATOR,
    summary="报告接入条件已落实 Report a condition as met",
)
def report(
    request: HttpRequest,
    institution: str,
    condition: UUID,
    statement: Annotated[str, Form(min_length=1, max_length=1000)],
    file: File[UploadedFile],
) -> dict[str, Any]:
    """Report as the institution's administrator that a condition is met, with the file that shows it (PDF,
    JPEG or PNG, 5 MB). In time, this stops the clock until the operator has answered.
    """
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    (shown,) = handed_in.files_of([file])
    card = fulfilment.report(institution, condition, statement, shown, actor=caller.actor, as_of=caller.at)
    return _told(card, caller)


@router.post(
    "/{institution}/conditions/{condition}/accept", auth=_ANSWERS, summary="验收接入条件 Accept a condition"
)
def accept(request: HttpRequest, institution: str, condition: UUID) -> dict[str, Any]:
    """Accept that a condition is met; its file is among the application's documents."""
    caller = authentication.caller(request)
    card = fulfilment.accept(institution, condition, actor=caller.actor, as_of=caller.at)
    return _told(card, caller)


@router.post(
    "/{institution}/conditions/{condition}/send-back",
    auth=_ANSWERS,
    summary="退回接入条件 Send a condition back",
)
def send_back(request: HttpRequest, institution: str, condition: UUID, body: SentBack) -> dict[str, Any]:
    """Send a report back with what is lacking; the due date stays."""
    caller = authentication.caller(request)
    card = fulfilment.send_back(institution, condition, body.reason, actor=caller.actor, as_of=caller.at)
    return _told(card, caller)


def _told(card: Card, caller: Caller) -> dict[str, Any]:
    today = business_day(caller.at)
    if caller.party_kind is PartyKind.INSTITUTION:
        return card.told(on=today)
    return card.document(on=today)
