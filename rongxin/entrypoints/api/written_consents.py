"""书面授权: a paper that the firm signed, scanned, handed in by one person, checked by another (附件 注3).

The institution that benefits may do one of the two, never both; the firm is told at each step.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, File, Form, Query, Router, Schema, Status, UploadedFile

from rongxin.consent import cases, grants, written
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.cases import own
from rongxin.entrypoints.api.consent_details import Details
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties.rules.membership import PartyKind

router = Router(tags=["书面授权 Written consent"])
_HANDS_IN = authentication.INSTITUTION | authentication.DESK
_CHECKS = authentication.INSTITUTION | authentication.CHECKER
_SEES = _HANDS_IN | _CHECKS | authentication.AUDIT


class PaperIn(Schema):
    """What stands on the paper beside what is consented to."""

    case: UUID = Field(description="融资业务编号")
    items: list[str] = Field(min_length=1, max_length=100, description="信息项")
    template: str = Field("one_time_underwriting", max_length=64, description="公平使用范本")
    signed_by: str = Field(min_length=1, max_length=128, description="签字人，须为登记的法定代表人或经营者")
    signed_on: date = Field(description="签署日期")
    notice_version: str = Field(max_length=32, description="纸面所附风险告知书的版本")
    notice_sha256: str = Field(pattern="^[0-9a-f]{64}$")


class PaperLook(Schema):
    """What the checker found: which scan was looked at, by its hash, and whether it says what is claimed."""

    confirmed: bool
    scan_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    note: str = Field("", max_length=500)


class ProposalOut(Schema):
    proposal: UUID
    case: UUID
    institution: str
    status: str
    status_label: str
    items: list[str]
    signed_by: str
    signed_on: date
    scan_sha256: str
    proposed_at: datetime
    proposed_for: str = Field(description="提交人一方；复核人不得同来自受益机构")
    checked_at: datetime | None
    consent: UUID | None


@router.post("", auth=_HANDS_IN, response={201: ProposalOut}, summary="提交书面授权 Hand a paper in")
def propose(request: HttpRequest, form: Form[PaperIn], scan: File[UploadedFile]) -> Status[ProposalOut]:
    """Hand in a signed paper with its scan (PDF, JPEG or PNG). It covers nothing until it is checked."""
    caller = authentication.caller(request)
    case = _case(form.case, caller)
    if (scan.size or 0) > written.SCAN_BYTES_MAX:
        raise Problem(413, "file_too_large", f"扫描件超过 {written.SCAN_BYTES_MAX >> 20} MiB 的上限")
    details = Details.short(form.case, form.items, form.template)
    paper = grants.Paper(
        scan=scan.read(),
        media_type=scan.content_type or "",
        signed_by=form.signed_by,
        signed_on=form.signed_on,
        notice_version=form.notice_version,
        notice_sha256=form.notice_sha256,
    )
    number = grants.propose_written(
        case.id,
        details.draft(on=timezone.localdate(caller.at)),
        paper,
        actor=caller.actor,
        as_of=caller.at,
    )
    return Status(201, _out(written.get(number)))


@router.get("", auth=_SEES, response=list[ProposalOut], summary="书面授权一览 Papers handed in")
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    find: paging.Find = "",
    sort: Literal["newest", "oldest"] = "newest",
) -> list[ProposalOut]:
    """List an institution's own papers, or to the operator all that wait; those handed in last first; `find`:
    of firms with this code or this in their name.
    """
    caller = authentication.caller(request)
    part = written.listed(
        paging.window(request, wanted),
        institution=_whose(caller),
        find=find,
        oldest_first=sort == "oldest",
    )
    paging.link(request, answer, part)
    return [_out(card) for card in part.rows]


@router.get("/{proposal}", auth=_SEES, response=ProposalOut, summary="一份书面授权 One paper")
def show(request: HttpRequest, proposal: UUID) -> ProposalOut:
    return _out(_own(proposal, authentication.caller(request)))


@router.get("/{proposal}/scan", auth=_HANDS_IN | _CHECKS, summary="扫描件 The scan")
def scan_of(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Give the scan to who is to check it; its SHA-256 is what the check must name."""
    card = _own(proposal, authentication.caller(request))
    media_type, content = written.scan_of(card.id)
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{card.scan_sha256}"'
    answer["Cache-Control"] = "no-store"
    return answer


@router.post("/{proposal}/check", auth=_CHECKS, response=ProposalOut, summary="复核 Check a paper")
def check(request: HttpRequest, proposal: UUID, look: PaperLook) -> ProposalOut:
    """Confirm or reject what another person handed in; confirming gives the consent."""
    caller = authentication.caller(request)
    _own(proposal, caller)
    grants.check_written(
        proposal,
        confirmed=look.confirmed,
        scan_sha256=look.scan_sha256,
        note=look.note,
        actor=caller.actor,
        as_of=caller.at,
    )
    return _out(written.get(proposal))


def _whose(caller: Caller) -> str | None:
    return None if caller.party_kind is PartyKind.OPERATOR else caller.party


def _case(case_id: UUID, caller: Caller) -> cases.Card:
    return cases.get(case_id) if caller.party_kind is PartyKind.OPERATOR else own(case_id, caller)


def _own(proposal: UUID, caller: Caller) -> written.Card:
    """Return a paper to the operator or to the institution of its case; to others there is none."""
    card = written.get(proposal)
    if _whose(caller) not in (None, card.institution_id):
        raise Problem(404, "unknown_consent", f"没有编号为{proposal}的书面授权")
    return card


def _out(card: written.Card) -> ProposalOut:
    return ProposalOut(
        proposal=card.id,
        case=card.case_id,
        institution=card.institution_id,
        status=card.status.value,
        status_label=str(card.status.label),
        items=sorted(card.draft.items),
        signed_by=card.signed_by,
        signed_on=card.signed_on,
        scan_sha256=card.scan_sha256,
        proposed_at=card.proposed_at,
        proposed_for=card.proposed_for,
        checked_at=card.checked_at,
        consent=card.consent_id,
    )
