"""机构评分卡: an institution's own card, and its score of a subject that consented for a case ((七)(九))."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, File, Form, Query, Router, Schema
from ninja.files import UploadedFile

from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.api import authentication, idempotency, paging, rate_limits
from rongxin.entrypoints.api.problems import Problem
from rongxin.entrypoints.api.reports import code_of, refused
from rongxin.evaluation import institution_cards
from rongxin.parties import institutions
from rongxin.proof import canonical
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.zone import business_day

router = Router(tags=["机构评分卡 Institution's cards"])


class ScoreRequest(Schema):
    """Whom to score, for which case. Only what the subject consented to, or what is public, is looked at."""

    uscc: str = Field(description="统一社会信用代码")
    case: UUID = Field(description="融资业务编号：须有信息主体就此业务的有效授权")
    consent: UUID | None = Field(None, description="授权编号；缺省为该业务的授权")
    purpose: Purpose = Purpose.PRE_LOAN_REVIEW
    reference: str = Field(min_length=1, max_length=128, description="机构自己的业务编号")
    person: str = Field(min_length=1, max_length=128, description="查询人：机构经办人员的姓名或工号")
    branch: str = Field("", max_length=128, description="查询人所在的分支机构")


@router.get("", auth=authentication.INSTITUTION, summary="本机构的评分卡 My cards")
def show(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """List the institution's own cards, the newest first; no other party ever sees them."""
    rows = [card.document() for card in institution_cards.every(authentication.caller(request).party)]
    return paging.whole(request, answer, wanted, rows, "-uploaded_at", "card")


@router.post("", auth=authentication.INSTITUTION, summary="上传评分卡 Upload a card")
def upload(request: HttpRequest, file: File[UploadedFile], name: Form[str]) -> dict[str, Any]:
    """Take a card as `rongxin evaluate fit` writes it, its columns named `indicator(T05)`, `count(ITEM)` or
    `newest|sum|min|max(ITEM.FIELD)`. It is checked whole; what is wrong is said by column.
    """
    caller = authentication.caller(request)
    data = file.read(institution_cards.limits(business_day(caller.at)).bytes_max + 1)
    held = institution_cards.upload(caller.party, name, data, actor=caller.actor, as_of=caller.at)
    return held.document()


@router.get("/{card}", auth=authentication.INSTITUTION, summary="一张评分卡 One card")
def one(request: HttpRequest, card: UUID) -> dict[str, Any]:
    """Return a card of the institution's own with its content."""
    held = institution_cards.of(card, institution=authentication.caller(request).party)
    return held.document() | {"content": json.loads(held.content.model_dump_json())}


@router.post("/{card}/retire", auth=authentication.INSTITUTION, summary="停用评分卡 Retire a card")
def retire(request: HttpRequest, card: UUID) -> dict[str, Any]:
    """Let a card be applied no more."""
    caller = authentication.caller(request)
    party, at = caller.party, caller.at
    return institution_cards.retire(card, institution=party, actor=caller.actor, as_of=at).document()


def again(request: HttpRequest, number: UUID) -> HttpResponse:
    raise Problem(409, "answers_not_kept", "评分不留存，无法再次取得；如仍需要，请以新的幂等键申请")


@router.post("/{card}/scores", auth=authentication.INSTITUTION, summary="用评分卡评分 Score a subject")
@idempotency.by_number(again)
def score(request: HttpRequest, card: UUID, question: ScoreRequest) -> HttpResponse:
    """Return the card's score of a subject with its reasons; what it was computed from does not leave.

    What the consent doesn't open is missing to the card. The use stands in the journal and in the subject's
    list of uses like every other, item by item.
    """
    caller = authentication.caller(request)
    institution_cards.in_use(card, institution=caller.party)
    institution = institutions.get(caller.party)
    recipient = Recipient(
        RecipientKind.INSTITUTION, institution.id, institution.name, question.person, question.branch
    )
    answer = gate.release(
        Request(
            recipient=recipient,
            uscc=code_of(question.uscc),
            items=(),
            purpose=question.purpose,
            reference=question.reference,
            case_id=question.case,
            consent_id=question.consent,
            card=card,
            number=idempotency.number_of(request),
        ),
        actor=caller.actor,
        as_of=caller.at,
    )
    if isinstance(answer, Refusal):
        return refused(answer)
    return rate_limits.told(_told(answer), answer.quota, at=caller.at)


def _told(release: Release) -> HttpResponse:
    (item,) = release.items
    document = {
        "request": release.id,
        **{name: field.value for name, field in item.rows[0].fields.items()},
        "released": release.content(),
        "proof": {
            "intent_entry": release.intent_entry,
            "outcome_entry": release.outcome_entry,
            "digest": release.digest,
        },
    }
    return HttpResponse(canonical.dumps(document), content_type="application/json; charset=utf-8")
