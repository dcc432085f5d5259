"""融资业务与授权: the institution opens a case and asks; the firm reads, grants, pauses, takes back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from rongxin.catalogue import loader
from rongxin.consent import cases, grants, notices, online, requests, rules
from rongxin.consent.deletion import duties
from rongxin.consent.signing import matters
from rongxin.consent.signing.rules import State, What
from rongxin.consent.templates import Draft
from rongxin.disclosure import recipients
from rongxin.entrypoints.api import authentication, consent_details, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.cases import own
from rongxin.entrypoints.api.consent_details import Details
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import identity, institutions
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.purpose import Purpose

router = Router(tags=["授权 Consent"])
_EITHER = authentication.SUBJECT | authentication.INSTITUTION


class RequestIn(Schema):
    """Either `authorization_details` (RFC 9396), one of them, or the short form: `case` and `items`."""

    model_config = ConfigDict(extra="forbid")

    authorization_details: list[Details] | None = Field(None, min_length=1, max_length=1)
    case: UUID | None = None
    items: list[str] | None = Field(None, min_length=1, max_length=100)
    template: str = Field("one_time_underwriting", description="公平使用范本")
    purpose: Purpose | None = None

    def details(self) -> Details:
        if self.authorization_details:
            return self.authorization_details[0]
        if self.case is None or self.items is None:
            raise Problem(422, "invalid_request", "请给出 authorization_details，或 case 与 items")
        return Details.short(self.case, self.items, self.template, self.purpose)


class RequestOut(Schema):
    request: UUID
    case: UUID
    institution: str
    status: str
    status_label: str
    requested_at: datetime
    answer_by: date = Field(description="答复期限（含当日），逾期失效")
    consent: UUID | None = Field(description="据此给出的授权")
    authorization_details: list[dict[str, Any]] = Field(description="RFC 9396")
    terms: dict[str, Any] = Field(description="如今日同意，授权的内容；起始日不早于今日")
    items: list[dict[str, Any]]
    signing: dict[str, Any] | None = Field(
        None, description="企业须多人签署的：所签内容的摘要、还差几人（只给企业）"
    )


class AwaitingOut(Schema):
    """The firm's own signature is kept; the consent holds with the last one that the firm demands."""

    status: str
    request: UUID
    matter: UUID = Field(description="待签事项，可由任一签署人撤下：/signing-matters")
    preview_sha256: str
    needed: int
    signed: int
    lapses_on: date


class Acceptance(Schema):
    """The firm's yes: which risk notice it was shown, and a fresh word of the identity provider."""

    notice_version: str
    notice_sha256: str
    evidence: dict[str, str]
    person_agrees: bool = Field(False, description="法定代表人本人同意提供其个人信息")
    numbers: dict[str, str] = Field(
        default_factory=dict, max_length=20, description="水、电、燃气户号（可不填）：信息项 → 户号"
    )
    preview_sha256: str = Field("", max_length=64, description="所阅内容的摘要；他人已签署的必填，见 signing")


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
    authorization_details: list[dict[str, Any]] = Field(description="RFC 9396，同授权凭证")
    artefact: str = Field(description="签名的授权凭证 (JWS)")


class WithdrawnOut(ConsentOut):
    """`meaning` and `owed` stand in the answer to a withdrawal alone."""

    meaning: str | None = Field(None, description="撤回意味着什么，见此地址")
    owed: list[dict[str, Any]] | None = Field(None, description="机构应交的删除回执；空：机构未得到过信息")


@router.post(
    "/consent-requests",
    auth=authentication.INSTITUTION,
    response={201: RequestOut},
    summary="申请授权 Ask for consent",
)
def ask(request: HttpRequest, wish: RequestIn) -> Status[RequestOut]:
    caller = authentication.caller(request)
    details, today = wish.details(), timezone.localdate(caller.at)
    case = own(details.identifier, caller)
    card = requests.request(case.id, details.draft(on=today), actor=caller.actor, as_of=caller.at)
    return Status(201, _request(card, on=today))


@router.get(
    "/consent-requests",
    auth=_EITHER,
    response=list[RequestOut],
    summary="授权申请 Requests",
)
def waiting(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[RequestOut]:
    """List what the firm has yet to answer: who asks, for what, until when, item by item; or to an
    institution all that it asked for, the newest first.
    """
    caller = authentication.caller(request)
    today = timezone.localdate(caller.at)
    if caller.party_kind is PartyKind.INSTITUTION:
        part = requests.of_institution(caller.party, paging.window(request, wanted))
        paging.link(request, answer, part)
        return [_request(card, on=today) for card in part.rows]
    cards = requests.open_of_subject(int(caller.party), on=today)
    return [_request(card, on=today, to_firm=True) for card in cards]


@router.get(
    "/consent-requests/{request_id}", auth=_EITHER, response=RequestOut, summary="一份授权申请 One request"
)
def asked(request: HttpRequest, request_id: UUID) -> RequestOut:
    """Show a request and what became of it to the firm and to the institution that asks."""
    caller = authentication.caller(request)
    to_firm = caller.party_kind is PartyKind.SUBJECT
    return _request(_own_request(request_id, caller), on=timezone.localdate(caller.at), to_firm=to_firm)


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
    response={201: ConsentOut, 202: AwaitingOut},
    summary="同意授权 Grant",
)
def accept(
    request: HttpRequest, request_id: UUID, acceptance: Acceptance
) -> Status[ConsentOut] | Status[AwaitingOut]:
    """Give the consent (201), or the caller's signature of one that more of the firm's people must sign
    (202).
    """
    caller = authentication.caller(request)
    card = _own_request(request_id, caller)
    assertion = identity.attest(acceptance.evidence, as_of=caller.at)
    grant = grants.grant_online(
        card.case_id,
        card.draft,
        grants.Signing(
            assertion=assertion,
            notice_version=acceptance.notice_version,
            notice_sha256=acceptance.notice_sha256,
            person_assertion=assertion if acceptance.person_agrees else None,
            shown=acceptance.preview_sha256,
            numbers=acceptance.numbers,
        ),
        request_id=request_id,
        actor=caller.actor,
        as_of=caller.at,
    )
    if isinstance(grant, grants.Grant):
        return Status(201, _consent(grant))
    return Status(
        202,
        AwaitingOut(
            status=grant.state.value,
            request=request_id,
            matter=grant.id,
            preview_sha256=grant.preview_sha256,
            needed=grant.needed,
            signed=len(grant.signed),
            lapses_on=grant.lapses_on,
        ),
    )


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


@router.get("/consents", auth=_EITHER, response=list[ConsentOut], summary="授权 Consents")
def listed(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], case: UUID | None = None
) -> list[ConsentOut]:
    """List the consents that the firm gave or the institution has, whatever their state, the newest first."""
    caller = authentication.caller(request)
    firm = int(caller.party) if caller.party_kind is PartyKind.SUBJECT else None
    institution = None if firm is not None else caller.party
    window = paging.window(request, wanted)
    part = grants.listed(window, subject=firm, institution=institution, case=case)
    paging.link(request, answer, part)
    return [_consent(grant) for grant in part.rows]


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
    "/consents/{consent_id}/give-up",
    auth=authentication.INSTITUTION,
    response=WithdrawnOut,
    exclude_none=True,
    summary="放弃授权 Give a consent up",
)
def give_up(request: HttpRequest, consent_id: UUID) -> WithdrawnOut:
    """Give up a consent that is needed no more; it carries nothing from now on, and receipts are owed."""
    caller = authentication.caller(request)
    if grants.get(consent_id).institution_id != caller.party:
        raise _unknown(consent_id)
    return _ended(grants.give_up(consent_id, actor=caller.actor, as_of=timezone.now()))


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
    if act != "withdraw":
        return WithdrawnOut(**_consent(grant).dict())
    changed = _ended(grant)
    changed.meaning = f"/api/v1/consents/{consent_id}/withdrawal"
    return changed


def _ended(grant: grants.Grant) -> WithdrawnOut:
    """Say what is owed for a consent that has just ended."""
    # The worker does the same from the journal's news, should this process end here.
    recipients.settle(grant.id, as_of=timezone.now())
    changed, today = WithdrawnOut(**_consent(grant).dict()), timezone.localdate()
    changed.owed = [card.document(on=today) for card in duties.of_consent(grant.id)]
    return changed


def _own_request(request_id: UUID, caller: Caller) -> requests.Card:
    card = requests.get(request_id)
    case = cases.get(card.case_id)
    own = str(case.subject_id) if caller.party_kind is PartyKind.SUBJECT else case.institution_id
    if own != caller.party:
        raise Problem(404, "unknown_consent", f"没有编号为{request_id}的授权申请")
    return card


def _unknown(consent_id: UUID) -> Problem:
    return Problem(404, "unknown_consent", f"没有编号为{consent_id}的授权")


def _request(card: requests.Card, *, on: date, to_firm: bool = False) -> RequestOut:
    """Return a request as its reader sees it: an institution reads that signatures are awaited, never
    whose.
    """
    catalogue = loader.load()
    case = cases.get(card.case_id)
    items = [catalogue.item(name) for name in catalogue.all_names if name in card.draft.items]
    waits = card.awaits_signatures(on=on)
    terms, signing = card.terms_on(on), None
    if to_firm and not card.answered_at:
        content, digest = online.shown_to(card, case, on=on)
        matter = matters.awaiting(What.CONSENT, card.id, on=on)
        signing = {"preview_sha256": digest, "awaits": waits, "matter": str(matter.id) if matter else None}
        terms = Draft.from_json(content["draft"])
    return RequestOut(
        request=card.id,
        case=card.case_id,
        institution=institutions.get(case.institution_id).name,
        status=State.AWAITING.value if waits else card.status.value,
        status_label=State.AWAITING.label if waits else str(card.status.label),
        requested_at=card.requested_at,
        answer_by=card.answer_by,
        consent=card.consent_id,
        authorization_details=consent_details.of(terms, card.case_id),
        terms=terms.as_json(),
        items=[
            {
                "item": item.item,
                "label": item.label,
                "fields": [field.label for field in item.fields],
                # By which number its provider knows its customers; the acceptance may give it (`numbers`).
                "asks": item.field(item.asks).label if item.asks else None,
            }
            for item in items
        ],
        signing=signing,
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
        authorization_details=rules.encode(terms)["authorization_details"],
        artefact=grant.artefact,
    )
