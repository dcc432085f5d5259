"""The register of disclosures: intents before anything is read, outcomes before anything leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection

from rongxin.disclosure.models import Intent, Outcome
from rongxin.disclosure.release import ReleasedItem, Request
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.reason import Reason


def intend(request: Request, *, subject_id: int, consent: UUID | None, actor: Actor, as_of: datetime) -> Intent:
    """Write the intent and its journal entry into the caller's transaction, which commits before any read."""
    intent_id = uuid4()
    entry = entries.append(
        Kind.DISCLOSURE_INTENDED,
        actor=actor,
        refs=_refs(request, intent_id, subject_id, consent) | {"items": ",".join(request.items)},
        as_of=as_of,
    )
    return Intent.objects.create(
        id=intent_id,
        recipient_kind=request.recipient.kind,
        recipient=request.recipient.id,
        person=request.recipient.person,
        subject_id=subject_id,
        purpose=request.purpose,
        reference=request.reference,
        case=request.case_id,
        consent=consent,
        items=list(request.items),
        asked_at=as_of,
        entry=entry.id,
    )


def refuse(intent: Intent, reason: Reason, *, actor: Actor, as_of: datetime) -> Outcome:
    """Close an intent with a refusal; refusals stand in the journal like releases."""
    entry = entries.append(
        Kind.DISCLOSURE_REFUSED,
        actor=actor,
        refs={"intent": str(intent.id), "subject": intent.subject_id, "reason": reason.value}
        | {intent.recipient_kind: intent.recipient},
        as_of=as_of,
    )
    return Outcome.objects.create(
        intent=intent, released=False, reason=reason.value, summary={}, decided_at=as_of, entry=entry.id
    )


def release(
    intent: Intent, digest: str, items: tuple[ReleasedItem, ...], *, actor: Actor, as_of: datetime
) -> Outcome:
    """Close an intent with what left: the digest of the answer, never its content."""
    entry = entries.append(
        Kind.DISCLOSURE_RELEASED,
        actor=actor,
        refs={"intent": str(intent.id), "subject": intent.subject_id} | {intent.recipient_kind: intent.recipient},
        commitments={"release": digest},
        as_of=as_of,
    )
    return Outcome.objects.create(
        intent=intent,
        released=True,
        digest=digest,
        summary={i.item: [i.availability.value, i.provider, len(i.rows)] for i in items if i.rows or i.reason is None},
        decided_at=as_of,
        entry=entry.id,
    )


_COUNT_USE = """
    INSERT INTO disclosure_use (consent, period, count) VALUES (%s, %s, 1)
    ON CONFLICT (consent, period) DO UPDATE SET count = disclosure_use.count + 1
    WHERE disclosure_use.count < %s
    RETURNING count
"""


def count_use(consent: UUID, period: str, limit: int) -> bool:
    """Count one use of a consent in `period`; False when the limit is reached. Exact under concurrency."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_USE, [consent, period, limit])
        return cursor.fetchone() is not None


def uses(consent: UUID, period: str) -> int:
    """Return how often a consent was used in `period` so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count FROM disclosure_use WHERE consent = %s AND period = %s", [consent, period])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _refs(request: Request, intent: UUID, subject_id: int, consent: UUID | None) -> Mapping[str, str | int]:
    refs: dict[str, str | int] = {
        "intent": str(intent),
        "subject": subject_id,
        request.recipient.kind.value: request.recipient.id,
        "purpose": request.purpose.value,
    }
    if request.case_id:
        refs["case"] = str(request.case_id)
    if consent:
        refs["consent"] = str(consent)
    return refs
