"""异议申诉: a subject objects to a record, its provider answers by the clock, the operator watches ((九))."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, File, Form, Query, Router, Schema, Status, UploadedFile

from rongxin.catalogue import redaction
from rongxin.entrypoints.api import authentication, handed_in, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import answers, objections, opened, papers
from rongxin.rights.answers import Answer
from rongxin.rights.objection_cards import Card
from rongxin.rights.objections import Complaint
from rongxin.rights.rules.objection import Remedy

router = Router(tags=["异议申诉 Objections"])
# Whoever handed a record in, or told it, has to answer.
_CHECKS = authentication.PROVIDER | authentication.OWING_INSTITUTION
_SEES = authentication.SUBJECT | _CHECKS | authentication.DESK | authentication.AUDIT
_READS = authentication.SUBJECT | _CHECKS | authentication.DESK
_ANSWERS = _CHECKS | authentication.DESK


class ObjectionIn(Schema):
    """What is wrong, about which record, in the subject's words."""

    item: str = Field(max_length=64, description="信息项")
    record: int | None = Field(None, description="记录编号（见本人报告）；平台不持有记录的信息项不填")
    fields: list[Annotated[str, Field(max_length=64)]] = Field(
        default_factory=list, max_length=100, description="有误的字段；不填为整条"
    )
    statement: str = Field(min_length=1, max_length=4000, description="哪里有误、应当如何")


class ObjectionForwarding(Schema):
    reference: str = Field(min_length=1, max_length=200, description="转送的文号或方式")


class ObjectionRemedy(Schema):
    act: Remedy
    values: dict[str, str] = Field(
        default_factory=dict, max_length=200, description="更正：列名或字段名 → 新值"
    )
    why: Literal["removed", "over"] = "removed"


class ObjectionDecision(Schema):
    outcome: Literal["upheld", "rejected"]
    reason: str = Field(min_length=1, max_length=2000, description="理由，告知信息主体")
    remedy: ObjectionRemedy | None = Field(None, description="异议成立的，如何更正")


@router.post("", auth=authentication.SUBJECT, response={201: dict[str, Any]}, summary="提出异议 Object")
def lodge(
    request: HttpRequest, form: Form[ObjectionIn], evidence: File[list[UploadedFile] | None] = None
) -> Status[dict[str, Any]]:
    """Object to a record of one's own, with evidence (PDF, JPEG or PNG); it bears a mark from now on."""
    caller = authentication.caller(request)
    card = objections.lodge(
        int(caller.party),
        Complaint(form.item, form.record, tuple(form.fields), form.statement, files_of(evidence or [])),
        actor=caller.actor,
        as_of=caller.at,
    )
    return Status(201, _out(card, caller))


@router.get("", auth=_SEES, summary="异议一览 Objections")
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    open_only: bool = True,
    find: paging.Find = "",
    sort: Literal["due", "newest"] = "due",
) -> list[dict[str, Any]]:
    """List a subject's own, the newest first; to a provider or an institution its queue and to the operator
    everybody's, by the day on which the answer is due; `find` there: of firms with this code or this in their
    name.
    """
    caller = authentication.caller(request)
    window = paging.window(request, wanted)
    if caller.party_kind is PartyKind.SUBJECT:
        part = objections.of_subject(int(caller.party), window)
    else:
        own = {caller.party_kind: caller.party}
        part = objections.queue(
            window,
            provider=own.get(PartyKind.PROVIDER),
            institution=own.get(PartyKind.INSTITUTION),
            open_only=open_only,
            find=find,
            sort=sort,
        )
    paging.link(request, answer, part)
    today = timezone.localdate(caller.at)
    return [card.document(on=today, reader=_reader(caller)) for card in part.rows]


@router.get("/{objection}", auth=_READS, summary="一件异议 One objection")
def show(request: HttpRequest, objection: UUID) -> dict[str, Any]:
    """Give an objection with what the subject said and its evidence."""
    caller = authentication.caller(request)
    return _out(_own(objection, caller), caller)


@router.get("/{objection}/evidence/{paper}", auth=_READS, summary="证据材料 A piece of evidence")
def evidence_of(
    request: HttpRequest, objection: UUID, paper: UUID, break_glass: UUID | None = None
) -> HttpResponse:
    """Give it to the subject itself; to whoever has to answer while it is open, and to a person of the
    operator's by an approved break-glass. The subject is told of both.
    """
    caller = authentication.caller(request)
    card = _own(objection, caller)
    if caller.party_kind is PartyKind.SUBJECT:
        return handed_in.attachment(*papers.read(card.id, paper))
    return handed_in.given(
        *opened.evidence(card.id, paper),
        caller.party_kind,
        caller.party,
        reference=str(card.id),
        opening=break_glass,
        actor=caller.actor,
        as_of=caller.at,
    )


@router.post("/{objection}/withdraw", auth=authentication.SUBJECT, summary="撤回异议 Withdraw")
def withdraw(request: HttpRequest, objection: UUID) -> dict[str, Any]:
    caller = authentication.caller(request)
    card = _own(objection, caller)
    return _out(objections.withdraw(card.id, actor=caller.actor, as_of=caller.at), caller)


@router.post("/{objection}/forwarding", auth=authentication.DESK, summary="转送登记 Say it was carried on")
def forward(request: HttpRequest, objection: UUID, body: ObjectionForwarding) -> dict[str, Any]:
    """Say that an objection was carried to a body that keeps no desk here, and under what number."""
    caller = authentication.caller(request)
    card = objections.forward(objection, body.reference, actor=caller.actor, as_of=caller.at)
    return _out(card, caller)


@router.post("/{objection}/decision", auth=_ANSWERS, summary="答复异议 Answer")
def decide(request: HttpRequest, objection: UUID, body: ObjectionDecision) -> dict[str, Any]:
    """Uphold it, with the remedy on the record itself, or reject it; either with reasons."""
    caller = authentication.caller(request)
    card = _own(objection, caller)
    remedy = body.remedy or ObjectionRemedy(act=Remedy.AT_SOURCE)
    answer = Answer(
        body.outcome == "upheld",
        body.reason,
        remedy.act if body.outcome == "upheld" else None,
        remedy.values,
        remedy.why,
    )
    return _out(answers.decide(card.id, answer, actor=caller.actor, as_of=caller.at), caller)


def files_of(uploaded: list[UploadedFile], purpose: str = papers.EVIDENCE) -> tuple[papers.File, ...]:
    """Read what was uploaded."""
    return tuple(
        papers.File(file.name or "", file.content_type or "", file.read(), purpose) for file in uploaded
    )


def _reader(caller: Caller) -> str:
    """Return the institution that reads, "" where it is somebody else."""
    return caller.party if caller.party_kind is PartyKind.INSTITUTION else ""


def _own(objection: UUID, caller: Caller) -> Card:
    """Return an objection to whose it is, who has to check it and the operator; to others there is none."""
    card = objections.get(objection)
    owner = {
        PartyKind.SUBJECT: str(card.subject),
        PartyKind.PROVIDER: card.provider,
        PartyKind.INSTITUTION: card.institution,
    }
    if owner.get(caller.party_kind, caller.party) != caller.party:
        raise Problem(404, "unknown_objection", f"没有编号为{objection}的异议申诉")
    return card


def _out(card: Card, caller: Caller) -> dict[str, Any]:
    document = card.document(on=timezone.localdate(caller.at), reader=_reader(caller))
    evidence = [paper.document() for paper in papers.of(card.id)]
    statement = objections.statement_of(card.id)
    # The operator reads it as its pages show it: without the numbers of persons in it (decision 0052).
    told = redaction.redact(statement) if caller.party_kind is PartyKind.OPERATOR else statement
    return document | {"statement": told, "evidence": evidence}
