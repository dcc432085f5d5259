"""What is recorded, and in what words: the kinds of entries and the form of an entry's body ((九)(十))."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor

VERSION = 1
INTEGER_MAX = 2**53 - 1  # what JSON carries exactly
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")  # no spaces, no Chinese: an id, never content
_HASH = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """What happened. The word is written into entries for ever: never rename one, add another."""

    BATCH_RECEIVED = "batch.received"
    BATCH_FILED = "batch.filed"
    BATCH_HELD = "batch.held"
    BATCH_RELEASED = "batch.released"
    BATCH_REFUSED = "batch.refused"
    BATCH_WITHDRAWN = "batch.withdrawn"
    BATCH_LATE = "batch.late"
    MAPPING_SAVED = "mapping.saved"
    SCHEDULE_SET = "schedule.set"
    SOURCE_LEVEL_SET = "source_level.set"
    BULK_AGREEMENT_CHANGED = "bulk_agreement.changed"
    BULK_ASKED = "bulk.asked"
    BULK_FILED = "bulk.filed"
    BULK_SWEPT = "bulk.swept"
    RECORD_ENDED = "record.ended"
    RECORD_MARKED = "record.marked"
    MATCH_PROPOSED = "match.proposed"
    MATCH_DECIDED = "match.decided"
    MATCH_DECLINED = "match.declined"
    MATCH_REVERSED = "match.reversed"
    SUBJECT_OPENED = "subject.opened"
    SUBJECT_CHANGED = "subject.changed"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_SIGNED_IN = "account.signed_in"
    SIGN_IN_LOCKED = "sign_in.locked"
    INSTITUTION_CHANGED = "institution.changed"
    DEPARTMENT_CHANGED = "department.changed"
    BUREAU_CHANGED = "bureau.changed"
    BUREAU_ACTED = "bureau.acted"
    DUTY_MANDATE_CHANGED = "duty_mandate.changed"
    CASE_OPENED = "case.opened"
    CASE_CLOSED = "case.closed"
    OUTCOME_TOLD = "outcome.told"
    OUTCOME_CORRECTED = "outcome.corrected"
    PRODUCT_CHANGED = "product.changed"
    FINANCING_APPLICATION_CHANGED = "financing_application.changed"
    FINANCING_ANSWER_OVERDUE = "financing_answer.overdue"
    CONSENT_REQUESTED = "consent.requested"
    CONSENT_GRANTED = "consent.granted"
    CONSENT_PAUSED = "consent.paused"
    CONSENT_RESUMED = "consent.resumed"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_EXPIRED = "consent.expired"
    CONSENT_SUPERSEDED = "consent.superseded"
    DELETION_OWED = "deletion.owed"
    DELETION_STATED = "deletion.stated"
    DELETION_LAPSED = "deletion.lapsed"
    DELETION_OVERDUE = "deletion.overdue"
    DISCLOSURE_INTENDED = "disclosure.intended"
    DISCLOSURE_FETCHED = "disclosure.fetched"
    DISCLOSURE_RELEASED = "disclosure.released"
    DISCLOSURE_REFUSED = "disclosure.refused"
    DISCLOSURE_DELIVERED = "disclosure.delivered"
    PROBING_SUSPECTED = "probing.suspected"
    ALARM_ACKNOWLEDGED = "alarm.acknowledged"
    PUSH_CHANGED = "push.changed"
    PUSH_INTENDED = "push.intended"
    PUSH_RELEASED = "push.released"
    PUSH_REFUSED = "push.refused"
    PUSH_FETCHED = "push.fetched"
    PUSH_ACKNOWLEDGED = "push.acknowledged"
    ANSWERS_DELETED = "answers.deleted"
    REPORT_TRACED = "report.traced"
    LIST_EXPORTED = "list.exported"
    EVALUATION_PUBLISHED = "evaluation.published"
    EVALUATION_PRUNED = "evaluation.pruned"
    EVALUATION_EXPLAINED = "evaluation.explained"
    INSTITUTION_CARD_CHANGED = "institution_card.changed"
    EVALUATION_MODEL_CHANGED = "evaluation_model.changed"
    EVALUATION_MODEL_REPORTED = "evaluation_model.reported"
    EVIDENCE_EXPORTED = "evidence.exported"
    KEY_CREATED = "key.created"
    MOVED_IN = "moved.in"
    MOVED_OUT = "moved.out"
    DATA_KEY_ROTATED = "data_key.rotated"
    DATA_REENCRYPTED = "data.reencrypted"
    APPLICATION_CHANGED = "application.changed"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_STATED = "incident.stated"
    INCIDENT_DECIDED = "incident.decided"
    INCIDENT_OVERDUE = "incident.overdue"
    MEASURE_PROPOSED = "measure.proposed"
    MEASURE_DECIDED = "measure.decided"
    WEBHOOK_CHANGED = "webhook.changed"
    OBJECTION_LODGED = "objection.lodged"
    OBJECTION_FORWARDED = "objection.forwarded"
    OBJECTION_DUE = "objection.due"
    OBJECTION_OVERDUE = "objection.overdue"
    OBJECTION_DECIDED = "objection.decided"
    OBJECTION_WITHDRAWN = "objection.withdrawn"
    REPAIR_REQUESTED = "repair.requested"
    REPAIR_FORWARDED = "repair.forwarded"
    REPAIR_DECIDED = "repair.decided"
    REPAIR_WITHDRAWN = "repair.withdrawn"
    REPAIR_SILENT = "repair.silent"
    CORRECTION_OWED = "correction.owed"
    CORRECTION_ACKNOWLEDGED = "correction.acknowledged"
    CORRECTION_OVERDUE = "correction.overdue"
    USE_HOLD_CHANGED = "use_hold.changed"
    BREAK_GLASS_CHANGED = "break_glass.changed"
    DEMO_NOTE = "demo.note"


class Unfit(ValueError):
    """A value that an entry may not hold."""


def body(
    id: UUID,
    kind: Kind,
    *,
    actor: Actor,
    refs: Mapping[str, str | int],
    commitments: Mapping[str, str],
    as_of: datetime,
) -> dict[str, object]:
    """Return the body of an entry: who did what when to which ids, and hashes; never content."""
    for name, reference in refs.items():
        _check_reference(name, reference)
    for name, commitment in commitments.items():
        if not _NAME.fullmatch(name) or not _HASH.fullmatch(commitment):
            raise Unfit(f"commitment {name}: give a SHA-256 in 64 lower-case hexadecimal digits")
    for part in (actor.id, actor.party or "-"):
        _check_actor(part)
    return {
        "actor": {"id": actor.id, "kind": actor.kind.value, "party": actor.party},
        "at": canonical.instant(as_of),
        "commitments": dict(commitments),
        "id": str(id),
        "kind": Kind(kind).value,
        "refs": dict(refs),
        "version": VERSION,
    }


def columns(content: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return the query columns of a body: kind, actor kind, actor, party, at, and three references."""
    actor, refs = content["actor"], content["refs"]
    about = (refs.get(name) for name in ("subject", "institution", "consent"))
    return (
        content["kind"],
        actor["kind"],
        actor["id"],
        actor["party"],
        content["at"],
        *(None if reference is None else str(reference) for reference in about),
    )


def _check_reference(name: str, reference: str | int) -> None:
    if not _NAME.fullmatch(name):
        raise Unfit(f"reference {name!r}: name it in lower-case letters, digits and underscores")
    if isinstance(reference, bool) or not isinstance(reference, str | int):
        raise Unfit(f"reference {name}: {type(reference).__name__} is no id; give text or a whole number")
    if isinstance(reference, int):
        if abs(reference) > INTEGER_MAX:
            raise Unfit(f"reference {name}: beyond 2^53, give it as text")
    elif not _ID.fullmatch(reference):
        raise Unfit(
            f"reference {name}: {reference[:40]!r} is no id; content stays out, give its hash as a commitment"
        )


def _check_actor(part: str) -> None:
    if part != "-" and not _ID.fullmatch(part):
        raise Unfit(f"actor {part[:40]!r} is no id; give the account's id, not a person's name")
