"""An application as it stands, and its place in the journal; shared by the door and by those who decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rongxin.governance.conditions import rules as condition_rules
from rongxin.governance.conditions.rules import Condition
from rongxin.governance.models import InstitutionApplication as Row
from rongxin.governance.onboarding.rules import State, Verdict
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Wish:
    """Who applies; `documents` gives each document of the questionnaire its SHA-256."""

    institution: str
    name: str
    uscc: str
    kind: InstitutionKind
    contact: str
    documents: Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """What the assessor found of one question, and the hash of what shows it."""

    verdict: Verdict
    evidence_sha256: str


@dataclass(frozen=True)
class Card:
    """An application as it stands."""

    id: UUID
    wish: Wish
    state: State
    edition: str
    renewal: bool
    findings: Mapping[str, Mapping[str, str]]
    percent: int | None
    conditions: tuple[Condition, ...]
    submitted_at: datetime
    submitted_by: str
    assessed_by: str
    decided_by: str
    reason: str
    valid_until: date | None

    def document(self) -> dict[str, Any]:
        """What the operator sees of it, JSON-ready."""
        people = {"submitted_by": self.submitted_by, "assessed_by": self.assessed_by}
        return self.told() | {k: v or None for k, v in {**people, "decided_by": self.decided_by}.items()}

    def told(self) -> dict[str, Any]:
        """What the applicant sees of it: no names of the operator's people."""
        return {
            "application": str(self.id),
            "institution": self.wish.institution,
            "name": self.wish.name,
            "uscc": self.wish.uscc,
            "kind": self.wish.kind.value,
            "documents": dict(self.wish.documents),
            "renewal": self.renewal,
            "state": self.state.value,
            "state_label": self.state.label,
            "questionnaire": self.edition,
            "findings": {key: dict(value) for key, value in self.findings.items()},
            "percent": self.percent,
            "conditions": [one.document() for one in self.conditions],
            "submitted_at": self.submitted_at.isoformat(),
            "reason": self.reason or None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
        }


def take_turn() -> None:
    """Let one after the other take in or approve, until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('governance.onboarding', 0))")


def journal(row: Row, change: str, *, actor: Actor, as_of: datetime) -> None:
    """Write what changed, in the caller's transaction."""
    refs: dict[str, str | int] = {"application": str(row.id), "change": change}
    if change == "renewal_due":
        refs |= {"institution": row.institution, "due_on": str(row.valid_until)}
    entries.append(
        Kind.APPLICATION_CHANGED,
        actor=actor,
        refs=refs,
        commitments={
            "documents": canonical.digest(row.documents),
            "findings": canonical.digest(row.findings),
            "conditions": canonical.digest(row.conditions),
        },
        as_of=as_of,
    )


def of_row(row: Row) -> Card:
    """Return the card of a row."""
    wish = Wish(row.institution, row.name, row.uscc, InstitutionKind(row.kind), row.contact, row.documents)
    return Card(
        id=row.id,
        wish=wish,
        state=State(row.state),
        edition=row.edition,
        renewal=row.renewal,
        findings=row.findings,
        percent=row.percent,
        conditions=tuple(map(condition_rules.kept, row.conditions)),
        submitted_at=row.submitted_at,
        submitted_by=row.submitted_by,
        assessed_by=row.assessed_by,
        decided_by=row.decided_by,
        reason=row.reason,
        valid_until=row.valid_until,
    )
