"""Everything that is held about a subject, for the subject, free, through the same door as everybody ((九)).

The records come by the gate with the subject as recipient: third persons' numbers masked, every kind of
"nothing" with its own word. Beside them stands what the platform keeps of the subject itself: consents, loan
cases and what became of them, objections, repairs, notices.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from rongxin.catalogue import loader
from rongxin.consent import cases, notifications, register
from rongxin.consent.deletion import duties
from rongxin.consent.rules import business_day
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.financing import outcomes
from rongxin.journal.windows import Window
from rongxin.parties import subjects
from rongxin.rights import corrections, objections, repairs
from rongxin.rights.errors import NotRegistered
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.purpose import Purpose

_ALL = 1_000


def everything(
    subject_id: int,
    *,
    person: str,
    number: UUID | None = None,
    items: Sequence[str] = (),
    actor: Actor,
    as_of: datetime,
) -> Release | Refusal:
    """Return every record held of a subject (or of these items), decided by the gate and journalled.

    `person` is who looks in the subject's name; a `number` lets the caller find the request again.
    """
    card = subjects.get(subject_id)
    if not card.uscc:
        raise NotRegistered("该信息主体尚无统一社会信用代码，请先完成登记")
    request = Request(
        recipient=Recipient(RecipientKind.SUBJECT, str(subject_id), card.name, person),
        uscc=card.uscc,
        items=tuple(items) or loader.load().all_names,
        purpose=Purpose.SELF_ACCESS,
        reference="本人查询",
        number=number,
    )
    return gate.release(request, actor=actor, as_of=as_of)


def beside(subject_id: int, *, as_of: datetime) -> dict[str, Any]:
    """Return what the platform keeps of the subject besides records, JSON-ready."""
    today, window = business_day(as_of), Window(_ALL)
    return {
        "consents": [
            {
                "consent": str(grant.id),
                "institution": grant.institution_id,
                "case": str(grant.case_id),
                "status": grant.status.value,
                "items": sorted(grant.terms.items),
                "valid_until": grant.terms.valid_until.isoformat(),
            }
            for grant in register.of_subject(subject_id)
        ],
        "cases": [
            {
                "case": str(case.id),
                "institution": case.institution_id,
                "reference": case.reference,
                "opened_on": case.opened_on.isoformat(),
                "closed_on": case.closed_on.isoformat() if case.closed_on else None,
            }
            for case in cases.of_subject(subject_id)
        ],
        "outcomes": [card.document() for card in outcomes.of_subject(subject_id)],
        "deletion_duties": [card.document(on=today) for card in duties.of_subject(subject_id)],
        "objections": [
            card.document(on=today) | {"statement": objections.statement_of(card.id)}
            for card in objections.of_subject(subject_id, window).rows
        ],
        "repairs": [
            card.document(on=today) | {"statement": repairs.statement_of(card.id)}
            for card in repairs.of_subject(subject_id, window).rows
        ],
        "corrections": [card.document(on=today) for card in corrections.of_subject(subject_id, window).rows],
        "notifications": [
            {"kind": one.kind, "text": one.text, "at": one.created_at.isoformat()}
            for one in notifications.of_subject(subject_id)
        ],
    }
