"""An objection as those concerned see it, and what every act on one does: find it, journal it, close it."""

from __future__ import annotations

from collections.abc import Mapping
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
from rongxin.rights.errors import ObjectionNotPossible, UnknownObjection
from rongxin.rights.models import Objection
from rongxin.rights.rules import objection as rules
from rongxin.rights.rules.objection import Act, Owner, Remedy, Route, State
from rongxin.vocabulary.actor import Actor

SEALED = SealedColumn(
    "rights_objection",
    "statement",
    key=("id",),
    first=("00000000-0000-0000-0000-000000000000",),
    place=lambda row: ("rights_objection", "statement", str(row[0])),
)


@dataclass(frozen=True)
class Card:
    """An objection as those concerned see it; the statement is read by `statement_of`."""

    id: UUID
    subject: int
    item: str
    record: int | None
    fields: tuple[str, ...]
    provider: str
    institution: str
    route: Route
    law: str
    state: State
    lodged_at: datetime
    due_on: date
    forwarded_at: datetime | None
    forwarded_reference: str
    escalated_at: datetime | None
    decided_at: datetime | None
    decided_by: str
    remedy: Remedy | None
    reason: str
    entry: UUID

    def document(self, *, on: date, reader: str = "") -> dict[str, Any]:
        """What people see of it on a day, JSON-ready; `reader` is the institution that reads it, if any."""
        item = loader.load().item(self.item)
        return {
            "objection": str(self.id),
            "item": self.item,
            "item_label": item.label,
            "record": self.record,
            "fields": [{"name": name, "label": item.field(name).label} for name in self.fields],
            "provider": self.provider,
            "institution": self.institution or None,
            "route": self.route.value,
            "route_label": self.route.label,
            "law": self.law,
            "state": self.state.value,
            "state_label": rules.standing(self.state, institution=self.institution, reader=reader).label,
            "lodged_at": self.lodged_at.isoformat(),
            "due_on": self.due_on.isoformat(),
            "days_left": (self.due_on - on).days if self.state in rules.OPEN else None,
            "overdue": rules.overdue(self.state, self.due_on, on),
            "forwarded_at": self.forwarded_at.isoformat() if self.forwarded_at else None,
            "forwarded_reference": self.forwarded_reference or None,
            "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            "remedy": self.remedy.value if self.remedy else None,
            "remedy_label": self.remedy.label if self.remedy else None,
            "reason": self.reason or None,
            "journal_entry": str(self.entry),
        }


def card(row: Objection) -> Card:
    """Return a row as others see it."""
    return Card(
        id=row.id,
        subject=row.subject_id,
        item=row.item,
        record=row.record_id,
        fields=tuple(row.fields),
        provider=row.provider,
        institution=row.institution,
        route=Route(row.route),
        law=row.law,
        state=State(row.state),
        lodged_at=row.lodged_at,
        due_on=row.due_on,
        forwarded_at=row.forwarded_at,
        forwarded_reference=row.forwarded_reference,
        escalated_at=row.escalated_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        remedy=Remedy(row.remedy) if row.remedy else None,
        reason=row.reason,
        entry=row.entry,
    )


def found(objection_id: UUID) -> Objection:
    """Return an objection's row; raises `UnknownObjection`."""
    row = Objection.objects.filter(pk=objection_id).first()
    if row is None:
        raise UnknownObjection(objection_id)
    return row


def locked(objection_id: UUID) -> Objection:
    """Return a row, held until the transaction ends; raises `UnknownObjection`."""
    row = Objection.objects.select_for_update(no_key=True).filter(pk=objection_id).first()
    if row is None:
        raise UnknownObjection(objection_id)
    return row


def owner(row: Objection, *, actor: Actor) -> Owner:
    """Return as whom an actor deals with an objection; to other providers there is none."""
    if actor.is_operator:
        return Owner.OPERATOR
    if actor.party == f"provider:{row.provider}" or (
        row.institution and actor.party == f"institution:{row.institution}"
    ):
        return Owner.PROVIDER
    raise UnknownObjection(row.id)


def may(row: Objection, act: Act, owner: Owner) -> None:
    """Refuse an act that isn't possible now, or isn't this party's; raises `ObjectionNotPossible`."""
    state = State(row.state)
    if not rules.may(act, state, owner, Route(row.route)):
        raise ObjectionNotPossible(f"该异议现为“{state.label}”，{owner.label}此时不能办理此事项")


def close(row: Objection, act: Act, *, actor: Actor, as_of: datetime) -> None:
    """Bring it to its end and take the mark away, in the caller's transaction."""
    row.state = rules.TRANSITIONS[State(row.state)][act].value
    row.decided_at, row.decided_by = as_of, str(actor)
    row.save(update_fields=["state", "decided_at", "decided_by", "reason", "remedy"])
    marks.clear(row.id, actor=actor, as_of=as_of)


def tell(row: Objection, kind: str, text: str, *, as_of: datetime) -> None:
    notifications.tell(row.subject_id, kind, text, refs={"objection": str(row.id)}, as_of=as_of)


def journal(
    kind: Kind,
    row: Objection,
    *,
    actor: Actor,
    as_of: datetime,
    commitments: Mapping[str, str] | None = None,
) -> UUID:
    """Write an entry that names the objection, the record and whose they are; return its id."""
    refs: dict[str, str | int] = {
        "objection": str(row.id),
        "subject": row.subject_id,
        "provider": row.provider,
        "item": row.item,
        "state": row.state,
        "due_on": row.due_on.isoformat(),
    }
    if row.institution:
        refs["institution"] = row.institution
    if row.record_id is not None:
        refs["record"] = row.record_id
    return entries.append(kind, actor=actor, refs=refs, commitments=commitments, as_of=as_of).id
