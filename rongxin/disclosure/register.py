"""The register of disclosures: intents before anything is read, outcomes before anything leaves."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q

from rongxin.consent import register as consents
from rongxin.disclosure.left import Left, left_with
from rongxin.disclosure.models import Deferred, Intent, Kept, Outcome
from rongxin.disclosure.release import ReleasedItem, Request
from rongxin.journal import entries, plans
from rongxin.journal.rules import Kind
from rongxin.parties import break_glass, duty_mandates
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason


def intend(
    request: Request, *, subject_id: int, consent: UUID | None, actor: Actor, as_of: datetime
) -> Intent:
    """Write the intent and its journal entry into the caller's transaction, which commits before any read."""
    intent = Intent(
        id=request.number or uuid4(),
        recipient_kind=request.recipient.kind.value,
        recipient=request.recipient.id,
        person=request.recipient.person,
        branch=request.recipient.branch,
        subject_id=subject_id,
        purpose=request.purpose.value,
        reference=request.reference,
        case=request.case_id,
        consent=consent,
        mandate=request.mandate_id,
        items=list(request.items),
        asked_at=as_of,
    )
    intent.entry = entries.append(
        Kind.DISCLOSURE_INTENDED,
        actor=actor,
        refs=_refs(request, intent.id, subject_id, consent),
        commitments={"request": request.digest()},
        as_of=as_of,
        beside=lambda entry: _insert_intent(intent, entry),
    ).id
    return intent


# Plain SQL: on the way of every disclosure, saving a model would cost several times as much.
_INSERT_INTENT = """
    INSERT INTO disclosure_intent (id, recipient_kind, recipient, person, branch, subject_id, purpose,
                                   reference, "case", consent, mandate, items, asked_at, entry)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)
"""


def _insert_intent(intent: Intent, entry: UUID) -> tuple[str, list[Any]]:
    return _INSERT_INTENT, [
        intent.id,
        intent.recipient_kind,
        intent.recipient,
        intent.person,
        intent.branch,
        intent.subject_id,
        intent.purpose,
        intent.reference,
        intent.case,
        intent.consent,
        intent.mandate,
        json.dumps(intent.items),
        intent.asked_at,
        entry,
    ]


def miss(request: Request, refused: Reason | None, *, actor: Actor, as_of: datetime) -> UUID:
    """Journal a question about a code that nobody has; the code itself stays out, as a commitment."""
    reason = refused.value if refused else "unknown_subject"
    refs = {request.recipient.kind.value: request.recipient.id, "reason": reason}
    entry = entries.append(
        Kind.DISCLOSURE_REFUSED,
        actor=actor,
        refs=refs,
        commitments={"request": request.digest()},
        as_of=as_of,
    )
    return entry.id


def refuse(
    intent: Intent,
    reason: Reason,
    *,
    actor: Actor,
    as_of: datetime,
    calls: str | None = None,
    deferred: bool = False,
) -> Outcome:
    """Close an intent with a refusal; refusals stand in the journal like releases, and so do calls made.

    `deferred`: nobody waits for the answer, so its institution is to be told.
    """
    told = {"request": str(intent.id), "change": "deferred"} if deferred else {}
    outcome = Outcome(intent=intent, released=False, reason=reason.value, summary={}, decided_at=as_of)
    outcome.entry = entries.append(
        Kind.DISCLOSURE_REFUSED,
        actor=actor,
        refs={**_closing_refs(intent), **told, "reason": reason.value},
        commitments={"calls": calls} if calls else None,
        as_of=as_of,
        beside=lambda entry: _insert_outcome(outcome, entry),
    ).id
    return outcome


def release(
    intent: Intent,
    digest: str,
    items: tuple[ReleasedItem, ...],
    *,
    actor: Actor,
    as_of: datetime,
    calls: str | None = None,
) -> Outcome:
    """Close an intent with what left: the digest of the answer, never its content; `calls` commits to the
    questions that were put to providers and to their receipts.
    """
    return conclude(intent, digest, left_with(items), actor=actor, as_of=as_of, calls=calls)


def conclude(
    intent: Intent,
    digest: str,
    left: Left,
    *,
    actor: Actor,
    as_of: datetime,
    calls: str | None = None,
) -> Outcome:
    """Close an intent as `release` does, where the answer's rows are no longer at hand."""
    outcome = Outcome(
        intent=intent,
        released=True,
        digest=digest,
        summary=left.summary,
        records=list(left.records),
        decided_at=as_of,
    )
    outcome.entry = entries.append(
        Kind.DISCLOSURE_RELEASED,
        actor=actor,
        refs=_closing_refs(intent),
        commitments={"release": digest, **({"calls": calls} if calls else {})},
        as_of=as_of,
        beside=lambda entry: _insert_outcome(outcome, entry),
    ).id
    return outcome


_INSERT_OUTCOME = """
    INSERT INTO disclosure_outcome (intent_id, released, reason, digest, summary, records, decided_at, entry)
    VALUES (%s, %s, %s, %s, %s::jsonb, %s::bigint[], %s, %s)
"""


def _insert_outcome(outcome: Outcome, entry: UUID) -> tuple[str, list[Any]]:
    return _INSERT_OUTCOME, [
        outcome.intent_id,
        outcome.released,
        outcome.reason,
        outcome.digest,
        json.dumps(outcome.summary),
        outcome.records,
        outcome.decided_at,
        entry,
    ]


_COUNT_USE = """
    INSERT INTO disclosure_use (consent, period, count) VALUES (%s, %s, 1)
    ON CONFLICT (consent, period) DO UPDATE SET count = disclosure_use.count + 1
    WHERE disclosure_use.count < %s
    RETURNING count
"""


def count_use(consent: UUID, period: str, limit: int) -> bool:
    """Count one use of a consent in `period`; False when the limit is reached. Exact under concurrency."""
    return bool(plans.rows(_COUNT_USE, [consent, period, limit]))


# One place for each unit in which terms may count (`FrequencyUnit`).
_COUNTED = """COALESCE((SELECT sum(used.count)::int FROM disclosure_use used
                        WHERE used.consent = consent.id AND used.period IN (%s, %s, %s, %s)), 0)"""


def counted(periods: tuple[str, str, str, str]) -> consents.Beside:
    """Have it read with a consent how often it was used so far; its terms count in one of the periods."""
    return consents.Beside(_COUNTED, periods)


@dataclass(frozen=True)
class Earlier:
    """What an institution asked before: all that a repeat of it needs."""

    subject: int
    items: tuple[str, ...]
    purpose: Purpose
    reference: str
    consent: UUID


def earlier(request: UUID, *, recipient: str) -> Earlier | None:
    """Return an institution's own earlier request by consent; None for any other, whoever's it may be."""
    intent = Intent.objects.filter(id=request, recipient_kind="institution", recipient=recipient).first()
    if intent is None or intent.consent is None:
        return None
    purpose = Purpose(intent.purpose)
    return Earlier(intent.subject_id, tuple(intent.items), purpose, intent.reference, intent.consent)


def has_effect(request: UUID) -> bool:
    """Whether a request of this number was answered, or is to be answered later."""
    released = Outcome.objects.filter(intent=request, released=True).exists()
    return released or Deferred.objects.filter(intent=request).exists()


@dataclass(frozen=True)
class UseOfData:
    """One time that somebody asked for a subject's information, and what came of it."""

    request: UUID
    asked_at: datetime
    recipient_kind: str
    recipient: str
    person: str
    purpose: str
    reference: str
    released: bool | None
    reason: str
    items: Mapping[str, Any]
    intent_entry: UUID
    outcome_entry: UUID | None
    # By what law a department asked, or why the operator's person did; the firm is told it like all else.
    legal_basis: str = ""
    # The last day on which what providers answered may be kept for the institution; None: nothing is kept.
    kept_until: date | None = None


def uses_of(
    subject_id: int,
    *,
    limit: int,
    behind: tuple[datetime, UUID] | None = None,
    but: Collection[str] = (),
    own: bool = True,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[UseOfData]:
    """Return the uses of a subject's information, refusals included, the newest first ((九)); `behind` one
    that was told before, by its time and number; `but` names the departments whose uses are left out; without
    `own` the subject's own looks are, too. `until` is the first moment left out.
    """
    intents = Intent.objects.filter(subject=subject_id).select_related("outcome")
    if not own:
        intents = intents.exclude(recipient_kind="subject")
    between = {"asked_at__gte": since, "asked_at__lt": until}
    intents = intents.filter(**{name: day for name, day in between.items() if day is not None})
    if but:
        intents = intents.exclude(recipient_kind="department", recipient__in=list(but))
    if behind is not None:
        at, number = behind
        intents = intents.filter(Q(asked_at__lt=at) | Q(asked_at=at, id__lt=number))
    return _told(list(intents.order_by("-asked_at", "-id")[:limit]))


def use_of(subject_id: int, request: UUID) -> UseOfData | None:
    """Return one use of a subject's information; None where there is none of this number."""
    found = _told(list(Intent.objects.filter(pk=request, subject=subject_id).select_related("outcome")))
    return found[0] if found else None


def _told(shown: Sequence[Intent]) -> list[UseOfData]:
    mandates = [intent.mandate for intent in shown if intent.mandate]
    bases = duty_mandates.bases_of(mandates) | break_glass.reasons_of(mandates)
    kept = dict(Kept.objects.filter(intent__in=shown).values_list("intent", "until"))
    return [
        replace(
            as_use(intent),
            legal_basis=bases.get(intent.mandate or intent.id, ""),
            kept_until=kept.get(intent.id),
        )
        for intent in shown
    ]


@dataclass(frozen=True)
class Traced:
    """What the register holds of a request that a page bears the mark of; `use` is None where it has none."""

    request: UUID
    use: UseOfData | None
    consent: UUID | None
    digest: str
    entry: UUID


def trace(request: UUID, *, file: str, actor: Actor, as_of: datetime) -> Traced:
    """Look up the request behind a page ((十)); the look is journalled with the file's SHA-256 (hex)."""
    intent = Intent.objects.filter(id=request).select_related("outcome").first()
    entry = entries.append(
        Kind.REPORT_TRACED,
        actor=actor,
        refs={"request": str(request), "outcome": "found" if intent else "unknown"},
        commitments={"file": file},
        as_of=as_of,
    )
    if intent is None:
        return Traced(request, None, None, "", entry.id)
    outcome: Outcome | None = getattr(intent, "outcome", None)
    return Traced(request, as_use(intent), intent.consent, outcome.digest if outcome else "", entry.id)


@dataclass(frozen=True)
class Logged:
    """Where a request stands in the journal, and the consent that it rested on."""

    consent: UUID | None
    intent_entry: UUID
    outcome_entry: UUID | None


def find(request: UUID) -> Logged | None:
    """Return where a request stands; None where there is none of this number."""
    intent = Intent.objects.filter(id=request).select_related("outcome").first()
    if intent is None:
        return None
    outcome: Outcome | None = getattr(intent, "outcome", None)
    return Logged(intent.consent, intent.entry, outcome.entry if outcome else None)


def exported(request: UUID, *, actor: Actor, as_of: datetime) -> None:
    """Journal that the evidence of a request was handed out."""
    entries.append(Kind.EVIDENCE_EXPORTED, actor=actor, refs={"request": str(request)}, as_of=as_of)


def as_use(intent: Intent) -> UseOfData:
    """Return what an intent and its outcome tell of a use."""
    outcome: Outcome | None = getattr(intent, "outcome", None)
    return UseOfData(
        request=intent.id,
        asked_at=intent.asked_at,
        recipient_kind=intent.recipient_kind,
        recipient=intent.recipient,
        person=intent.person,
        purpose=intent.purpose,
        reference=intent.reference,
        released=outcome.released if outcome else None,
        reason=outcome.reason if outcome else "",
        items=outcome.summary if outcome else {},
        intent_entry=intent.entry,
        outcome_entry=outcome.entry if outcome else None,
    )


def _closing_refs(intent: Intent) -> dict[str, str | int]:
    refs: dict[str, str | int] = {"intent": str(intent.id), intent.recipient_kind: intent.recipient}
    if intent.recipient_kind != "subject":
        refs["subject"] = intent.subject_id
    return refs


def _refs(request: Request, intent: UUID, subject_id: int, consent: UUID | None) -> dict[str, str | int]:
    refs: dict[str, str | int] = {
        "intent": str(intent),
        "purpose": request.purpose.value,
        request.recipient.kind.value: request.recipient.id,
        "subject": subject_id,
    }
    if request.case_id:
        refs["case"] = str(request.case_id)
    if consent:
        refs["consent"] = str(consent)
    if request.mandate_id:
        refs["mandate"] = str(request.mandate_id)
    if request.repeats:
        refs["repeats"] = str(request.repeats)
    return refs
