"""接入申请: who wants to be connected applies, free of charge; two persons decide ((五)(六)(十))."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import File, Header, Path, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from rongxin.entrypoints import origins
from rongxin.entrypoints.api import authentication, handed_in, paging
from rongxin.governance.conditions.rules import Condition
from rongxin.governance.onboarding import applications, documents, door, parameters
from rongxin.governance.onboarding.cards import Card, Finding, Wish
from rongxin.governance.onboarding.rules import State, Verdict
from rongxin.parties.rules.standing import InstitutionKind

router = Router(tags=["接入申请 Applications"])
_Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Said = Annotated[str, Field(min_length=1, max_length=500)]


class ApplicationIn(Schema):
    """Who applies; `documents` gives each document of the questionnaire its SHA-256."""

    institution: str = Field(pattern="^[a-z][a-z0-9_]{2,63}$", description="机构标识，由机构自拟")
    name: str = Field(min_length=2, max_length=200)
    uscc: str = Field(max_length=32)
    kind: InstitutionKind
    contact: str = Field(min_length=1, max_length=200, description="对外的客服电话或地址")
    documents: dict[str, _Hash] = Field(max_length=50)


class FindingIn(Schema):
    verdict: Verdict
    evidence_sha256: _Hash = Field(description="所依据的材料")


class ConditionIn(Schema):
    """On what it is to be approved, and by when that is to be met."""

    text: _Said
    due_on: date = Field(description="期限，晚于今日，在一年的有效期之内")


class AssessmentIn(Schema):
    """A verdict for every question of the application's questionnaire."""

    findings: dict[str, FindingIn] = Field(max_length=200)
    conditions: list[ConditionIn] = Field([], max_length=20, description="接入条件")


class ApplicationReason(Schema):
    reason: _Said


@router.get("/questionnaire", auth=None, summary="安全评估的题目与材料 What is asked")
def questionnaire(request: HttpRequest) -> dict[str, Any]:
    """Return the questionnaire in force: documents, questions with what they rest on, the pass mark."""
    asked = parameters.in_force(timezone.localdate())
    return {
        "edition": asked.edition,
        "citation": asked.citation,
        "documents": dict(asked.documents),
        "file_bytes_max": asked.file_bytes_max,
        "questions": [one.model_dump() for one in asked.questions],
        "pass_percent": asked.pass_percent,
        "valid_days": asked.valid_days,
    }


@router.post("", auth=None, response={201: dict[str, Any]}, summary="申请接入 Apply, free of charge")
def apply(request: HttpRequest, wish: ApplicationIn) -> Status[dict[str, Any]]:
    """Apply for the first time; what is connected renews signed in (`/institutions/{institution}/renewals`).

    `secret` is shown this once; it opens this application and nothing else.
    """
    card, secret = door.apply(Wish(**wish.dict()), origin=origins.of(request), as_of=timezone.now())
    return Status(201, card.told() | {"secret": secret})


@router.get(
    "/listed", auth=authentication.DESK | authentication.SECURITY | authentication.AUDIT, summary="申请一览"
)
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    waiting: bool = True,
    find: paging.Find = "",
    state: State | None = None,
    kind: InstitutionKind | None = None,
    sort: Literal["newest", "oldest"] = "newest",
) -> list[dict[str, Any]]:
    """Return the applications that wait, or with `waiting=false` all; `find`: of those with this in their
    name, or of this code or id. `beside` names the others that wait for the same code.
    """
    part = applications.part_of(
        paging.window(request, wanted),
        waiting_only=waiting and state is None,
        find=find,
        state=state,
        kind=kind,
        oldest_first=sort == "oldest",
    )
    paging.link(request, answer, part)
    return _shown(part.rows)


@router.get("/{application}", auth=None, summary="申请进度 How an application stands")
def track(
    request: HttpRequest, application: UUID, secret: Annotated[str, Header(alias="X-Application-Secret")] = ""
) -> dict[str, Any]:
    """Return an application with the files that are here, by its secret (`X-Application-Secret`)."""
    return told(door.track(application, secret))


@router.post("/{application}/documents", auth=None, summary="提交材料 Hand in a document")
def hand_in(
    request: HttpRequest,
    application: UUID,
    file: File[UploadedFile],
    secret: Annotated[str, Header(alias="X-Application-Secret")] = "",
) -> dict[str, Any]:
    """Hand in a file that the application names by its SHA-256 (PDF, JPEG or PNG), by its secret."""
    card = door.track(application, secret)
    documents.hand_in(card.id, handed_in.files_of([file]), as_of=timezone.now())
    return told(card)


@router.get(
    "/{application}/documents/{document_sha256}",
    auth=authentication.DESK | authentication.SECURITY,
    summary="申请材料 A document",
)
def document_of(
    request: HttpRequest, application: UUID, document_sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
) -> HttpResponse:
    """Give a file of an application or of its assessment, to be saved, to those who assess and approve."""
    return handed_in.attachment(*documents.read(application, document_sha256))


@router.post(
    "/{application}/assess", auth=authentication.DESK | authentication.SECURITY, summary="安全评估 Assess"
)
def assess(request: HttpRequest, application: UUID, body: AssessmentIn) -> dict[str, Any]:
    """Write down what was found of every question; another person decides on it."""
    caller = authentication.caller(request)
    findings = {key: Finding(one.verdict, one.evidence_sha256) for key, one in body.findings.items()}
    card = applications.assess(
        application,
        findings,
        conditions=tuple(Condition(one.text, one.due_on) for one in body.conditions),
        actor=caller.actor,
        as_of=caller.at,
    )
    return card.document()


@router.post("/{application}/approve", auth=authentication.SECURITY, summary="核准 Approve")
def approve(request: HttpRequest, application: UUID) -> dict[str, Any]:
    """Admit or renew the institution by another person's passed assessment."""
    caller = authentication.caller(request)
    return applications.approve(application, actor=caller.actor, as_of=caller.at).document()


@router.post("/{application}/decline", auth=authentication.SECURITY, summary="不予核准 Decline")
def decline(request: HttpRequest, application: UUID, body: ApplicationReason) -> dict[str, Any]:
    """Turn an application down, with the reason that the applicant reads."""
    caller = authentication.caller(request)
    return applications.decline(
        application, reason=body.reason, actor=caller.actor, as_of=caller.at
    ).document()


def told(card: Card) -> dict[str, Any]:
    """What the applicant sees of it, with the files that are here and the documents still to come."""
    here = documents.held(card.id)
    return card.told() | {
        "files": [one.document() for one in here.values()],
        "lacking": list(documents.lacking(card.wish.documents, here)),
    }


def _shown(cards: Sequence[Card]) -> list[dict[str, Any]]:
    beside = applications.beside(cards)
    return [card.document() | {"beside": [str(one.id) for one in beside[card.id]]} for card in cards]
