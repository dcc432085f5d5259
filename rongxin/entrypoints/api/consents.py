"""融资业务与授权: the institution opens a case and asks; the firm reads, grants, pauses, takes back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from rongxin.catalogue import loader
from rongxin.consent import cases, grants, notices, requests, templates
from rongxin.consent.deletion import duties
from rongxin.consent.errors import UnknownCase
from rongxin.consent.rules import CaseKind
from rongxin.disclosure import recipients
from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.entrypoints.api.registrations import identity_provider
from rongxin.parties import institutions, subjects
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.purpose import Purpose

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


class RequestIn(Schema):
    case: UUID
    items: list[str] = Field(min_length=1, max_length=100)
    template: str = Field("one_time_underwriting", description="公平使用范本")
    purpose: Purpose | None = None


class RequestOut(Schema):
    request: UUID
    case: UUID
    institution: str
    status: str
    requested_at: datetime
    answer_by: date = Field(description="答复期限（含当日），逾期失效")
    terms: dict[str, Any] = Field(description="如今日同意，授权的内容；起始日不早于今日")
    items: list[dict[str, Any]]


class Acceptance(Schema):
    """The firm's yes: which risk notice it was shown, and a fresh word of the identity provider."""

    notice_version: str
    notice_sha256: str
    evidence: dict[str, str]
    person_agrees: bool = Field(False, description="法定代表人本人同意提供其个人信息")


class ConsentOut(Schema):
    consent: UUID
    case: UUID
    institution: str
    status: str
    status_label: str
    purpose: str
    items: list[str]
    valid_from: date
    valid_until: date
    granted_at: datetime
    artefact: str = Field(description="签名的授权凭证 (JWS)")


class WithdrawnOut(ConsentOut):
    """`meaning` and `owed` stand in the answer to a withdrawal alone."""

    meaning: str | None = Field(None, description="撤回意味着什么，见此地址")
    owed: list[dict[str, Any]] | None = Field(None, description="机构应交的删除回执；空：机构未得到过信息")


@router.post(
    "/cases", auth=authentication.INSTITUTION, response={201: CaseOut}, summary="登记融资业务 Open a case"
)
def open_case(request: HttpRequest, case: CaseIn) -> Status[CaseOut]:
    caller = authentication.caller(request)
    subject = subjects.find(codes.clean(case.uscc))
    if subject is None:
        raise Problem(404, "unknown_subject", f"未找到统一社会信用代码 {case.uscc} 的登记信息")
    card = cases.open_case(
        caller.party, subject.id, case.reference, case.kind, actor=caller.actor, as_of=caller.at
    )
    return Status(201, _case(card))


@router.post(
    "/cases/{case_id}/close", auth=authentication.INSTITUTION, response=CaseOut, summary="办结融资业务"
)
def close_case(request: HttpRequest, case_id: UUID) -> CaseOut:
    caller = authentication.caller(request)
    _check_own_case(case_id, caller)
    return _case(cases.close_case(case_id, actor=caller.actor, as_of=caller.at))


@router.post(
    "/consent-requests",
    auth=authentication.INSTITUTION,
    response={201: RequestOut},
    summary="申请授权 Ask for consent",
)
def ask(request: HttpRequest, wish: RequestIn) -> Status[RequestOut]:
    caller = authentication.caller(request)
    _check_own_case(wish.case, caller)
    catalogue = loader.load()
    items = frozenset(catalogue.item(name).item for name in wish.items)
    draft = templates.draft(wish.template, items, purpose=wish.purpose, on=timezone.localdate(caller.at))
    card = requests.request(wish.case, draft, actor=caller.actor, as_of=caller.at)
    return Status(201, _request(card, on=timezone.localdate(caller.at)))


@router.get(
    "/consent-requests",
    auth=authentication.SUBJECT,
    response=list[RequestOut],
    summary="待答复的授权申请 Open requests",
)
def waiting(request: HttpRequest) -> list[RequestOut]:
    """List what the firm has yet to answer: who asks, for what, until when, item by item."""
    caller = authentication.caller(request)
    today = timezone.localdate(caller.at)
    return [_request(card, on=today) for card in requests.open_of_subject(int(caller.party), on=today)]


@router.get("/risk-notices/current", auth=None, summary="现行风险告知书 The risk notice in force")
def notice(request: HttpRequest) -> dict[str, Any]:
    found = notices.current(timezone.localdate())
    return {
        "version": found.version,
        "effective_from": found.effective_from,
        "sha256": found.sha256,
        "text": found.text,
    }


@router.post(
    "/consent-requests/{request_id}/accept",
    auth=authentication.SUBJECT,
    response={201: ConsentOut},
    summary="同意授权 Grant",
)
def accept(request: HttpRequest, request_id: UUID, acceptance: Acceptance) -> Status[ConsentOut]:
    caller = authentication.caller(request)
    card = _own_request(request_id, caller)
    assertion = identity_provider().attest(acceptance.evidence, as_of=caller.at)
    grant = grants.grant_online(
        card.case_id,
        card.draft,
        assertion=assertion,
        notice_version=acceptance.notice_version,
        notice_sha256=acceptance.notice_sha256,
        person_assertion=assertion if acceptance.person_agrees else None,
        request_id=request_id,
        actor=caller.actor,
        as_of=caller.at,
    )
    return Status(201, _consent(grant))


@router.post(
    "/consent-requests/{request_id}/decline",
    auth=authentication.SUBJECT,
    response=RequestOut,
    summary="拒绝授权 Decline",
)
def decline(request: HttpRequest, request_id: UUID) -> RequestOut:
    caller = authentication.caller(request)
    _own_request(request_id, caller)
    card = grants.decline(request_id, actor=caller.actor, as_of=caller.at)
    return _request(card, on=timezone.localdate(caller.at))


@router.get(
    "/consents", auth=authentication.SUBJECT, response=list[ConsentOut], summary="我的授权 My consents"
)
def of_subject(request: HttpRequest) -> list[ConsentOut]:
    caller = authentication.caller(request)
    return [_consent(grant) for grant in grants.of_subject(int(caller.party))]


@router.get(
    "/consents/{consent_id}",
    auth=authentication.SUBJECT | authentication.INSTITUTION,
    response=ConsentOut,
    summary="授权状态 One consent",
)
def show(request: HttpRequest, consent_id: UUID) -> ConsentOut:
    """Show a consent to the firm that gave it or the institution that has it, and to nobody else."""
    caller = authentication.caller(request)
    grant = grants.get(consent_id)
    own = {
        PartyKind.SUBJECT: str(grant.subject_id),
        PartyKind.INSTITUTION: grant.institution_id,
    }[caller.party_kind]
    if own != caller.party:
        raise _unknown(consent_id)
    return _consent(grant)


@router.post(
    "/consents/{consent_id}/{act}",
    auth=authentication.SUBJECT,
    response=WithdrawnOut,
    exclude_none=True,
    summary="暂停、恢复、撤回 Pause, resume, withdraw",
)
def change(request: HttpRequest, consent_id: UUID, act: str) -> WithdrawnOut:
    """Pause, resume or withdraw; what is acknowledged here holds for every later request.

    The answer to a withdrawal says where its meaning is told and what the institution now owes.
    """
    verbs = {"pause": grants.pause, "resume": grants.resume, "withdraw": grants.withdraw}
    if act not in verbs:
        raise Problem(404, "unknown_act", "授权只能 pause（暂停）、resume（恢复）、withdraw（撤回）")
    caller = authentication.caller(request)
    if str(grants.get(consent_id).subject_id) != caller.party:
        raise _unknown(consent_id)
    grant = verbs[act](consent_id, actor=caller.actor, as_of=timezone.now())
    changed = WithdrawnOut(**_consent(grant).dict())
    if act == "withdraw":
        # The worker does the same from the journal's news, should this process end here.
        recipients.settle(consent_id, as_of=timezone.now())
        changed.meaning = f"/api/v1/consents/{consent_id}/withdrawal"
        today = timezone.localdate()
        changed.owed = [card.document(on=today) for card in duties.of_consent(consent_id)]
    return changed


def _check_own_case(case_id: UUID, caller: Caller) -> None:
    if cases.get(case_id).institution_id != caller.party:
        raise UnknownCase(case_id)


def _own_request(request_id: UUID, caller: Caller) -> requests.Card:
    card = requests.get(request_id)
    if str(cases.get(card.case_id).subject_id) != caller.party:
        raise Problem(404, "unknown_consent", f"没有编号为{request_id}的授权申请")
    return card


def _unknown(consent_id: UUID) -> Problem:
    return Problem(404, "unknown_consent", f"没有编号为{consent_id}的授权")


def _case(card: cases.Card) -> CaseOut:
    return CaseOut(
        case=card.id,
        reference=card.reference,
        kind=card.kind.value,
        opened_on=card.opened_on,
        closed_on=card.closed_on,
    )


def _request(card: requests.Card, *, on: date) -> RequestOut:
    catalogue = loader.load()
    items = [catalogue.item(name) for name in catalogue.items if name in card.draft.items]
    return RequestOut(
        request=card.id,
        case=card.case_id,
        institution=institutions.get(cases.get(card.case_id).institution_id).name,
        status=str(card.status.label),
        requested_at=card.requested_at,
        answer_by=card.answer_by,
        terms=card.terms_on(on).as_json(),
        items=[
            {"item": item.item, "label": item.label, "fields": [field.label for field in item.fields]}
            for item in items
        ],
    )


def _consent(grant: grants.Grant) -> ConsentOut:
    terms = grant.terms
    return ConsentOut(
        consent=grant.id,
        case=grant.case_id,
        institution=grant.institution_id,
        status=grant.status.value,
        status_label=grant.status.label,
        purpose=terms.purpose.value,
        items=sorted(terms.items),
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        granted_at=terms.granted_at,
        artefact=grant.artefact,
    )
