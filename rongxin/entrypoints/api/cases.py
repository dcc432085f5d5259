"""融资业务: the institution opens a case under its own number, lists its cases, closes them."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from rongxin.consent import cases
from rongxin.consent.errors import UnknownCase
from rongxin.consent.rules import CaseKind
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import subjects
from rongxin.vocabulary import uscc as codes

router = Router(tags=["授权 Consent"])


class CaseIn(Schema):
    uscc: str
    reference: str = Field(min_length=1, max_length=128, description="机构自己的业务编号")
    kind: CaseKind = CaseKind.LOAN_APPLICATION


class CaseOut(Schema):
    case: UUID
    reference: str
    kind: str
    opened_on: date
    closed_on: date | None


@router.post("", auth=authentication.INSTITUTION, response={201: CaseOut}, summary="登记融资业务 Open a case")
def open_case(request: HttpRequest, case: CaseIn) -> Status[CaseOut]:
    caller = authentication.caller(request)
    subject = subjects.find(codes.clean(case.uscc))
    if subject is None:
        raise Problem(404, "unknown_subject", f"未找到统一社会信用代码 {case.uscc} 的登记信息")
    card = cases.open_case(
        caller.party, subject.id, case.reference, case.kind, actor=caller.actor, as_of=caller.at
    )
    return Status(201, _case(card))


@router.get("", auth=authentication.INSTITUTION, response=list[CaseOut], summary="本机构的融资业务 My cases")
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    find: paging.Find = "",
    kind: CaseKind | None = None,
    closed: bool | None = None,
    sort: Literal["newest", "oldest"] = "newest",
) -> list[CaseOut]:
    """List the institution's own cases, those opened last first; `find`: those with this in their reference
    or their firm's name, or of this code.
    """
    caller = authentication.caller(request)
    window = paging.window(request, wanted)
    part = cases.of_institution(caller.party, window, find=find, kind=kind, closed=closed, sort=sort)
    paging.link(request, answer, part)
    return [_case(card) for card in part.rows]


@router.get("/{case_id}", auth=authentication.INSTITUTION, response=CaseOut, summary="一笔融资业务 One case")
def show(request: HttpRequest, case_id: UUID) -> CaseOut:
    return _case(own(case_id, authentication.caller(request)))


@router.post("/{case_id}/close", auth=authentication.INSTITUTION, response=CaseOut, summary="办结融资业务")
def close_case(request: HttpRequest, case_id: UUID) -> CaseOut:
    caller = authentication.caller(request)
    own(case_id, caller)
    return _case(cases.close_case(case_id, actor=caller.actor, as_of=caller.at))


def own(case_id: UUID, caller: Caller) -> cases.Card:
    """Return a case of the caller's own institution; another's is as good as unknown."""
    card = cases.get(case_id)
    if card.institution_id != caller.party:
        raise UnknownCase(case_id)
    return card


def _case(card: cases.Card) -> CaseOut:
    return CaseOut(
        case=card.id,
        reference=card.reference,
        kind=card.kind.value,
        opened_on=card.opened_on,
        closed_on=card.closed_on,
    )
