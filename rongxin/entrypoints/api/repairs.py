"""信用修复: a subject asks, the platform forwards to the national window and follows its decision."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, File, Form, Query, Router, Schema, Status, UploadedFile

from rongxin.catalogue import redaction
from rongxin.entrypoints.api import authentication, handed_in, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.objections import files_of
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import opened, papers, repairs, window_decisions
from rongxin.rights.repair_cards import Card
from rongxin.rights.repairs import Wish
from rongxin.rights.rules.repair import Decision, Material, Outcome, Severity

router = Router(tags=["信用修复 Credit repair"])
_SEES = authentication.SUBJECT | authentication.DESK | authentication.AUDIT
_READS = authentication.SUBJECT | authentication.DESK


class RepairIn(Schema):
    """Which record, of which class by the body that decided, and what was done to make it good."""

    record: int = Field(description="记录编号，见本人报告")
    severity: Severity = Field(description="失信程度，见认定文书：minor 轻微、general 一般、serious 严重")
    statement: str = Field(min_length=1, max_length=4000, description="义务履行情况")


class RepairDecision(Schema):
    """What the national window decided, as its document has it."""

    outcome: Outcome
    authority: str = Field(min_length=1, max_length=200, description="作出决定的单位")
    document: str = Field(min_length=1, max_length=200, description="决定文号或窗口受理编号")
    decided_on: date
    reason: str = Field(min_length=1, max_length=1000)


@router.post("", auth=authentication.SUBJECT, response={201: dict[str, Any]}, summary="申请修复 Ask")
def request_repair(
    request: HttpRequest,
    form: Form[RepairIn],
    fulfilment_proof: File[list[UploadedFile] | None] = None,
    credit_commitment: File[list[UploadedFile] | None] = None,
    other: File[list[UploadedFile] | None] = None,
) -> Status[dict[str, Any]]:
    """Ask for the repair of a record of one's own, with proof of fulfilment and the credit commitment."""
    caller = authentication.caller(request)
    materials = (
        *files_of(fulfilment_proof or [], Material.FULFILMENT_PROOF.value),
        *files_of(credit_commitment or [], Material.CREDIT_COMMITMENT.value),
        *files_of(other or [], Material.OTHER.value),
    )
    wish = Wish(form.record, form.severity, form.statement, materials)
    card = repairs.request(int(caller.party), wish, actor=caller.actor, as_of=caller.at)
    return Status(201, _out(card, caller))


@router.get("", auth=_SEES, summary="修复申请一览 Requests for repair")
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    open_only: bool = True,
    find: paging.Find = "",
    sort: Literal["oldest", "newest"] = "oldest",
) -> list[dict[str, Any]]:
    """List a subject's own, the newest first; to the operator everybody's, the oldest first; `find` there: of
    firms with this code or this in their name.
    """
    caller = authentication.caller(request)
    window = paging.window(request, wanted)
    if caller.party_kind is PartyKind.SUBJECT:
        part = repairs.of_subject(int(caller.party), window)
    else:
        part = repairs.queue(window, open_only=open_only, find=find, sort=sort)
    paging.link(request, answer, part)
    today = timezone.localdate(caller.at)
    return [card.document(on=today) for card in part.rows]


@router.get("/{repair}", auth=_READS, summary="一件修复申请 One request")
def show(request: HttpRequest, repair: UUID) -> dict[str, Any]:
    """Give a request with what the subject said and its materials."""
    caller = authentication.caller(request)
    return _out(_own(repair, caller), caller)


@router.get("/{repair}/materials/{material}", auth=_READS, summary="修复材料 A piece of material")
def material_of(
    request: HttpRequest, repair: UUID, material: UUID, break_glass: UUID | None = None
) -> HttpResponse:
    """Give it to the subject itself, and to a person of the operator's by an approved break-glass."""
    caller = authentication.caller(request)
    card = _own(repair, caller)
    if caller.party_kind is PartyKind.SUBJECT:
        return handed_in.attachment(*papers.read(card.id, material))
    return handed_in.given(
        *opened.material(card.id, material),
        caller.party_kind,
        caller.party,
        reference=str(card.id),
        opening=break_glass,
        actor=caller.actor,
        as_of=caller.at,
    )


@router.post("/{repair}/withdraw", auth=authentication.SUBJECT, summary="撤回修复申请 Withdraw")
def withdraw(request: HttpRequest, repair: UUID) -> dict[str, Any]:
    caller = authentication.caller(request)
    card = _own(repair, caller)
    return _out(repairs.withdraw(card.id, actor=caller.actor, as_of=caller.at), caller)


@router.post("/{repair}/decision", auth=authentication.DESK, summary="登记窗口决定 Enter a decision")
def enter(request: HttpRequest, repair: UUID, body: RepairDecision) -> dict[str, Any]:
    """Enter what the national window decided, where it doesn't come signed; another person confirms it."""
    caller = authentication.caller(request)
    decision = Decision(str(repair), **body.model_dump())
    return _out(window_decisions.enter(decision, actor=caller.actor, as_of=caller.at), caller)


@router.post(
    "/{repair}/decision/confirm", auth=authentication.CHECKER, summary="核准窗口决定 Confirm a decision"
)
def confirm(request: HttpRequest, repair: UUID) -> dict[str, Any]:
    """Confirm it as another person; granted, the record ends at once everywhere."""
    caller = authentication.caller(request)
    return _out(window_decisions.confirm(repair, actor=caller.actor, as_of=caller.at), caller)


def _own(repair: UUID, caller: Caller) -> Card:
    """Return a request to whose it is and to the operator; to others there is none."""
    card = repairs.get(repair)
    if caller.party_kind is not PartyKind.OPERATOR and caller.party != str(card.subject):
        raise Problem(404, "unknown_repair", f"没有编号为{repair}的信用修复申请")
    return card


def _out(card: Card, caller: Caller) -> dict[str, Any]:
    document = card.document(on=timezone.localdate(caller.at))
    entered = card.decision.as_json() if card.decision else None
    told = {"entered_decision": entered} if caller.party_kind is PartyKind.OPERATOR else {}
    materials = [paper.document() for paper in papers.of(card.id)]
    statement = repairs.statement_of(card.id)
    if caller.party_kind is PartyKind.OPERATOR:  # as its pages show it (decision 0052)
        statement = redaction.redact(statement)
    return document | {"statement": statement, "materials": materials} | told
