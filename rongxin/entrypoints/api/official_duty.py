"""部门履职查询: a department asks one question by its mandate; two of the operator's give mandates ((五))."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from rongxin.catalogue import loader
from rongxin.delivery import report
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.reports import code_of, refused
from rongxin.parties import departments, duty_mandates
from rongxin.parties.rules.duty import Terms
from rongxin.vocabulary.purpose import Purpose

router = Router(tags=["部门履职 Official duty"])
_Said = Annotated[str, Field(min_length=1, max_length=500)]


class Question(Schema):
    """What a department asks. The answer holds what is collected here and the mandate covers."""

    uscc: str = Field(description="统一社会信用代码")
    mandate: UUID = Field(description="履职依据编号")
    items: list[str] = Field(description="信息项，须在履职依据之内", min_length=1, max_length=100)
    reference: str = Field(min_length=1, max_length=128, description="本部门的案号或文号")
    person: str = Field(min_length=1, max_length=128, description="查询人：姓名或工号")


class Proposal(Schema):
    """The terms of a mandate; `items` gives each item the law that opens what needs consent, or ""."""

    department: str
    duty: _Said = Field(description="履职事项")
    legal_basis: _Said = Field(description="法律依据：法规名称与条款")
    items: dict[str, str] = Field(description="信息项 → 该项须经授权内容的法律依据，可为空")
    regions: list[str] = []
    subjects: list[str] = []
    valid_from: date
    valid_until: date
    daily_limit: Annotated[int, Field(ge=1, le=1_000_000)] = 200


class DutyReason(Schema):
    reason: _Said


@router.post("/questions", auth=authentication.DEPARTMENT, summary="履职查询 Ask by a duty mandate")
def ask(request: HttpRequest, question: Question) -> HttpResponse:
    """Answer with JSON in the form of a report; the firm sees the question with its legal basis."""
    caller = authentication.caller(request)
    department = departments.get(caller.party)
    answer = gate.release(
        Request(
            recipient=Recipient(RecipientKind.DEPARTMENT, department.id, department.name, question.person),
            uscc=code_of(question.uscc),
            items=tuple(question.items),
            purpose=Purpose.OFFICIAL_DUTY,
            reference=question.reference,
            mandate_id=question.mandate,
        ),
        actor=caller.actor,
        as_of=caller.at,
    )
    if isinstance(answer, Refusal):
        return refused(answer)
    document = report.build(answer, loader.load(), node=settings.RONGXIN_NODE_NAME)
    return HttpResponse(report.to_json(document), content_type="application/json; charset=utf-8")


@router.get("/mandates", auth=authentication.DEPARTMENT, summary="本部门的履职依据 Own mandates")
def own(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """List the mandates of the caller's department, the newest first."""
    rows = [card.document() for card in duty_mandates.of_department(authentication.caller(request).party)]
    return paging.whole(request, answer, wanted, rows, "-proposed_at", "mandate")


@router.get(
    "/mandates/waiting",
    auth=authentication.DESK | authentication.SECURITY | authentication.AUDIT,
    summary="待核准的履职依据 Waiting mandates",
)
def waiting(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """List the proposals that wait for a second person."""
    rows = [card.document() for card in duty_mandates.waiting()]
    return paging.whole(request, answer, wanted, rows, "proposed_at", "mandate")


@router.post(
    "/mandates", auth=authentication.DESK | authentication.SECURITY, summary="提出履职依据 Propose a mandate"
)
def propose(request: HttpRequest, body: Proposal) -> dict[str, Any]:
    """Put a mandate forward; it carries nothing until another person grants it."""
    caller = authentication.caller(request)
    given = {**body.dict(), "regions": tuple(body.regions), "subjects": tuple(body.subjects)}
    return duty_mandates.propose(Terms(**given), actor=caller.actor, as_of=caller.at).document()


@router.post("/mandates/{mandate}/grant", auth=authentication.SECURITY, summary="核准 Grant a mandate")
def grant(request: HttpRequest, mandate: UUID) -> dict[str, Any]:
    """Put another person's proposal in force."""
    caller = authentication.caller(request)
    return duty_mandates.grant(mandate, actor=caller.actor, as_of=caller.at).document()


@router.post("/mandates/{mandate}/decline", auth=authentication.SECURITY, summary="不予核准 Decline")
def decline(request: HttpRequest, mandate: UUID, body: DutyReason) -> dict[str, Any]:
    """Turn a proposal down."""
    caller = authentication.caller(request)
    return duty_mandates.decline(mandate, reason=body.reason, actor=caller.actor, as_of=caller.at).document()


@router.post("/mandates/{mandate}/revoke", auth=authentication.SECURITY, summary="撤销 Revoke a mandate")
def revoke(request: HttpRequest, mandate: UUID, body: DutyReason) -> dict[str, Any]:
    """End a mandate at once, for requests under way too."""
    caller = authentication.caller(request)
    return duty_mandates.revoke(mandate, reason=body.reason, actor=caller.actor, as_of=caller.at).document()
