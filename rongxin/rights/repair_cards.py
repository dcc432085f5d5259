"""A request for credit repair as those concerned see it, and what every act on one does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rongxin.catalogue import loader
from rongxin.consent import notifications
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.journal.sealing import SealedColumn
from rongxin.records import marks
from rongxin.rights import policy
from rongxin.rights.errors import RepairNotPossible, UnknownRepair
from rongxin.rights.models import Repair
from rongxin.rights.rules import repair as rules
from rongxin.rights.rules.repair import Act, Decision, Severity, State
from rongxin.vocabulary.actor import Actor

SEALED = SealedColumn(
    "rights_repair",
    "statement",
    key=("id",),
    first=("00000000-0000-0000-0000-000000000000",),
    place=lambda row: ("rights_repair", "statement", str(row[0])),
)


@dataclass(frozen=True)
class Card:
    """A request as it stands; `decision` as long as it is only entered waits for a second person."""

    id: UUID
    subject: int
    item: str
    record: int
    observed_on: date | None
    severity: Severity
    state: State
    requested_at: datetime
    forwarded_at: datetime | None
    window: str
    window_reference: str
    decision: Decision | None
    decision_entered_by: str
    decided_at: datetime | None
    entry: UUID

    def document(self, *, on: date) -> dict[str, Any]:
        """What people see of it on a day, JSON-ready."""
        return {
            "repair": str(self.id),
            "item": self.item,
            "item_label": loader.load().item(self.item).label,
            "record": self.record,
            "severity": self.severity.value,
            "severity_label": self.severity.label,
            "state": self.state.value,
            "state_label": self.state.label,
            "requested_at": self.requested_at.isoformat(),
            "forwarded_at": self.forwarded_at.isoformat() if self.forwarded_at else None,
            "window_reference": self.window_reference or None,
            "decision": self.decision.as_json() if self.decision and self.decided_at else None,
            "decision_waits": self.decision is not None and self.decided_at is None,
            "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            **self._period(on),
            "journal_entry": str(self.entry),
        }

    def _period(self, on: date) -> dict[str, str | None]:
        """From when it may be repaired and when its publication ends by itself, by the day of the record."""
        if self.observed_on is None:
            return {"repairable_on": None, "publication_ends_on": None}
        months = policy.repairs_on(on).severities[self.severity]
        found = rules.period(self.observed_on, months.months_min, months.months_max)
        return {
            "repairable_on": found.repairable_on.isoformat(),
            "publication_ends_on": found.ends_on.isoformat(),
        }


def card(row: Repair) -> Card:
    """Return a row as others see it."""
    return Card(
        id=row.id,
        subject=row.subject_id,
        item=row.item,
        record=row.record_id,
        observed_on=row.observed_on,
        severity=Severity(row.severity),
        state=State(row.state),
        requested_at=row.requested_at,
        forwarded_at=row.forwarded_at,
        window=row.window,
        window_reference=row.window_reference,
        decision=rules.decision_of(row.decision) if row.decision else None,
        decision_entered_by=row.decision_entered_by,
        decided_at=row.decided_at,
        entry=row.entry,
    )


def found(repair_id: UUID) -> Repair:
    """Return a request's row; raises `UnknownRepair`."""
    row = Repair.objects.filter(pk=repair_id).first()
    if row is None:
        raise UnknownRepair(repair_id)
    return row


def locked(repair_id: UUID) -> Repair:
    """Return a row, held until the transaction ends; raises `UnknownRepair`."""
    row = Repair.objects.select_for_update(no_key=True).filter(pk=repair_id).first()
    if row is None:
        raise UnknownRepair(repair_id)
    return row


def may(row: Repair, act: Act) -> None:
    """Refuse an act that isn't possible now; raises `RepairNotPossible`."""
    state = State(row.state)
    if act not in rules.TRANSITIONS[state]:
        raise RepairNotPossible(f"该信用修复申请现为“{state.label}”，不能办理此事项")


def close(row: Repair, act: Act, *, actor: Actor, as_of: datetime) -> None:
    """Bring it to its end and take the mark away, in the caller's transaction."""
    row.state, row.decided_at = rules.TRANSITIONS[State(row.state)][act].value, as_of
    row.save(update_fields=["state", "decided_at", "decision", "decision_token", "decision_entered_by"])
    marks.clear(row.id, actor=actor, as_of=as_of)


def tell(row: Repair, kind: str, text: str, *, as_of: datetime) -> None:
    """Leave word for the firm, in the caller's transaction."""
    notifications.tell(row.subject_id, kind, text, refs={"repair": str(row.id)}, as_of=as_of)


def values(states: Collection[State]) -> list[str]:
    """Return states as they stand in the table."""
    return sorted(state.value for state in states)


def journal(
    kind: Kind,
    row: Repair,
    *,
    actor: Actor,
    as_of: datetime,
    commitments: Mapping[str, str] | None = None,
) -> UUID:
    """Write an entry that names the request, the record and whose they are; return its id."""
    refs: dict[str, str | int] = {
        "repair": str(row.id),
        "subject": row.subject_id,
        "item": row.item,
        "record": row.record_id,
        "state": row.state,
    }
    return entries.append(kind, actor=actor, refs=refs, commitments=commitments, as_of=as_of).id
