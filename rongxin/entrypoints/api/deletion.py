"""撤回之后: what withdrawal means, what is owed for an ended consent, and the receipts that discharge it."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from rongxin.consent import grants
from rongxin.consent.deletion import duties, meaning, policy, receipts
from rongxin.consent.deletion.rules import Act
from rongxin.consent.errors import ReceiptRefused
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind

router = Router(tags=["授权 Consent"])
_OWED_TO_OR_BY = authentication.SUBJECT | authentication.UNSERVED_INSTITUTION
_OWES_OR_WATCHES = authentication.UNSERVED_INSTITUTION | authentication.SECURITY | authentication.AUDIT
_ACTS = {"deleted": Act.DELETE, "restricted": Act.RESTRICT}


class ReceiptIn(Schema):
    """Either `receipt`, signed by the institution's registered key, or what its account states."""

    receipt: str | None = Field(None, description="机构签名的回执 (JWS, typ deletion-receipt+jws)")
    statement: Literal["deleted", "restricted"] | None = None
    deleted_on: date | None = None
    until: date | None = Field(None, description="限制保存至（含当日）")
    law: str = Field("", max_length=40, description="所依据的法律，见 GET /deletion-duties/laws")


@router.get("/consents/{consent_id}/withdrawal", auth=authentication.SUBJECT, summary="撤回意味着什么")
def withdrawal(request: HttpRequest, consent_id: UUID) -> dict[str, Any]:
    """Say in plain words what withdrawing means, for this consent's recipient; Chinese first."""
    grant = _own(consent_id, authentication.caller(request))
    today = timezone.localdate()
    notice, institution = meaning.current(today), institutions.get(grant.institution_id)
    return {
        "version": notice.version,
        "effective_from": notice.effective_from,
        "sha256": notice.sha256,
        "text": notice.text,
        "institution": {"name": institution.name, "contact": grant.terms.reach},
        "receipt_days": policy.on(today).receipt_days,
        "owed": [card.document(on=today) for card in duties.of_consent(consent_id)],
    }


@router.get("/consents/{consent_id}/receipts", auth=_OWED_TO_OR_BY, summary="删除回执 Deletion receipts")
def of_consent(request: HttpRequest, consent_id: UUID) -> list[dict[str, Any]]:
    """Return what is owed for a consent and the receipts so far, to its firm and its institution."""
    _own(consent_id, authentication.caller(request))
    return [card.document(on=timezone.localdate()) for card in duties.of_consent(consent_id)]


@router.get("/deletion-duties", auth=_OWES_OR_WATCHES, summary="应交的删除回执 Receipts owed")
def owed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    settled: bool = False,
    overdue: bool = False,
) -> list[dict[str, Any]]:
    """Return an institution's own duties, or to the operator everybody's; `settled` adds those done."""
    caller, today = authentication.caller(request), timezone.localdate()
    part = duties.part_of(
        paging.window(request, wanted),
        institution=caller.party if caller.party_kind is PartyKind.INSTITUTION else None,
        owed_only=not settled,
        overdue_on=today if overdue else None,
    )
    paging.link(request, answer, part)
    return [card.document(on=today) for card in part.rows]


@router.get("/deletion-duties/laws", auth=_OWES_OR_WATCHES, summary="可据以限制保存的法律 Laws")
def laws(request: HttpRequest) -> dict[str, Any]:
    """Return the closed list of laws under which data may be kept on."""
    found = policy.on(timezone.localdate())
    named = [{"law": code, "name": law.name, "concerns": law.concerns} for code, law in found.laws.items()]
    return {"edition": found.edition, "citation": found.citation, "laws": named}


@router.post(
    "/deletion-duties/{consent_id}/receipt", auth=authentication.UNSERVED_INSTITUTION, summary="交回删除回执"
)
def hand_in(request: HttpRequest, consent_id: UUID, given: ReceiptIn) -> dict[str, Any]:
    """Hand in a receipt: deleted on a day, or restricted until a day under a law of the list."""
    caller = authentication.caller(request)
    who: dict[str, Any] = {"actor": caller.actor, "as_of": caller.at}
    try:
        if given.receipt is not None:
            card = receipts.hand_in(consent_id, given.receipt, **who)
        elif given.statement is not None:
            said: dict[str, Any] = {"deleted_on": given.deleted_on, "until": given.until, "law": given.law}
            card = receipts.state(consent_id, _ACTS[given.statement], **said, **who)
        else:
            raise Problem(422, "invalid_request", "请给出 receipt（签名的回执）或 statement（陈述）")
    except ReceiptRefused as error:
        raise Problem(422, error.code, str(error), reason=error.fault.value) from error
    return card.document(on=timezone.localdate(caller.at))


def _own(consent_id: UUID, caller: Caller) -> grants.Grant:
    """Return a consent to the firm that gave it or the institution that has it; to others there is none."""
    grant = grants.get(consent_id)
    own = str(grant.subject_id) if caller.party_kind is PartyKind.SUBJECT else grant.institution_id
    if own != caller.party:
        raise Problem(404, "unknown_consent", f"没有编号为{consent_id}的授权")
    return grant
