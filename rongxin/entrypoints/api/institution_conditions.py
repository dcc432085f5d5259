"""接入条件: on what an institution was approved, reported as met by it, answered by the operator ((十))."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, File, Form, Router, Schema
from ninja.files import UploadedFile

from rongxin.entrypoints.api import authentication, handed_in
from rongxin.entrypoints.api.authentication import Caller
from rongxin.governance.conditions import extensions, fulfilment
from rongxin.governance.conditions.fulfilment import Card
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.zone import business_day

router = Router(tags=["接入状态 Standing"])
_ANSWERS = authentication.DESK | authentication.SECURITY


class SentBack(Schema):
    reason: str = Field(min_length=1, max_length=500, description="缺什么，机构会看到")


class Extension(Schema):
    due_on: date = Field(description="希望延到哪一天")
    reason: str = Field(min_length=1, max_length=500, description="为什么需要更多时间")


class Refused(Schema):
    reason: str = Field(min_length=1, max_length=500, description="为什么不同意，机构会看到")


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


@router.post(
    "/{institution}/conditions/{condition}/extensions",
    auth=authentication.UNSERVED_ADMINISTRATOR,
    summary="申请接入条件延期 Ask for a later day",
)
def ask(request: HttpRequest, institution: str, condition: UUID, body: Extension) -> dict[str, Any]:
    """Ask as the institution's administrator for a later day, by the day on which the condition is due.
    Nothing moves until two of the operator's people have granted it; how often and by how many days stands
    among the parameters of the assessment.
    """
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    by: dict[str, Any] = {"actor": caller.actor, "as_of": caller.at}
    extensions.ask(institution, condition, body.due_on, body.reason, **by)
    return _told(fulfilment.get(institution, condition), caller)


@router.post(
    "/{institution}/conditions/{condition}/extensions/{extension}/recommend",
    auth=_ANSWERS,
    summary="审核延期申请 Recommend an extension",
)
def recommend(request: HttpRequest, institution: str, condition: UUID, extension: UUID) -> dict[str, Any]:
    """Find a request for a later day well founded, as the first of two people."""
    caller = authentication.caller(request)
    extensions.recommend(institution, condition, extension, actor=caller.actor, as_of=caller.at)
    return _told(fulfilment.get(institution, condition), caller)


@router.post(
    "/{institution}/conditions/{condition}/extensions/{extension}/grant",
    auth=_ANSWERS,
    summary="同意延期 Grant an extension",
)
def grant(request: HttpRequest, institution: str, condition: UUID, extension: UUID) -> dict[str, Any]:
    """Move the day, as another person than who recommended it; the last day of service moves along."""
    caller = authentication.caller(request)
    extensions.grant(institution, condition, extension, actor=caller.actor, as_of=caller.at)
    return _told(fulfilment.get(institution, condition), caller)


@router.post(
    "/{institution}/conditions/{condition}/extensions/{extension}/refuse",
    auth=_ANSWERS,
    summary="不同意延期 Refuse an extension",
)
def refuse(
    request: HttpRequest, institution: str, condition: UUID, extension: UUID, body: Refused
) -> dict[str, Any]:
    """Refuse a request for a later day with the reason; the due date stays."""
    caller = authentication.caller(request)
    by: dict[str, Any] = {"actor": caller.actor, "as_of": caller.at}
    extensions.refuse(institution, condition, extension, body.reason, **by)
    return _told(fulfilment.get(institution, condition), caller)


def _told(card: Card, caller: Caller) -> dict[str, Any]:
    today, asked = business_day(caller.at), extensions.of_condition(card.id)
    if caller.party_kind is PartyKind.INSTITUTION:
        return card.told(on=today) | {"extensions": [one.told() for one in asked]}
    return card.document(on=today) | {"extensions": [one.document() for one in asked]}
