"""告警: raised from the journal's news, seen and acknowledged by the operator, who, when and with a note.

An alarm holds the ids of its journal entry and nothing else of what happened; whoever looks into it does so
through the rooms that hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from rongxin.catalogue import redaction
from rongxin.governance.errors import AlreadyAcknowledged, GovernanceError, NotTheOperators, UnknownAlarm
from rongxin.governance.models import Alarm
from rongxin.governance.rules import RAISED_BY, Kind
from rongxin.journal import entries, news, windows
from rongxin.journal.rules import Kind as Entry
from rongxin.journal.windows import Part, Window
from rongxin.vocabulary.actor import Actor

CONSUMER = "governance.alarms"


@dataclass(frozen=True)
class Card:
    """An alarm; `acknowledged_at` is None while it waits for somebody."""

    id: UUID
    kind: Kind
    entry: UUID
    refs: Mapping[str, str | int]
    happened_at: datetime
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    note: str

    def document(self) -> dict[str, Any]:
        """What the operator sees of it, JSON-ready."""
        return {
            "alarm": str(self.id),
            "kind": self.kind.value,
            "kind_label": self.kind.label,
            "kind_label_en": self.kind.label_en,
            "about": dict(self.refs),
            "journal_entry": str(self.entry),
            "happened_at": self.happened_at.isoformat(),
            "raised_at": self.raised_at.isoformat(),
            "acknowledged_at": self.acknowledged_at.isoformat() if self.acknowledged_at else None,
            "acknowledged_by": self.acknowledged_by or None,
            "note": self.note or None,
        }


def follow(*, as_of: datetime) -> int:
    """Raise an alarm for each entry of the journal's news that calls for one; returns how many."""
    raised = 0
    with news.read(CONSUMER, RAISED_BY) as found:
        for entry in found:
            _, new = Alarm.objects.get_or_create(
                entry=entry.id,
                defaults={
                    "kind": RAISED_BY[entry.kind].value,
                    "refs": dict(entry.refs),
                    "happened_at": entry.at,
                    "raised_at": as_of,
                },
            )
            raised += new
    return raised


def every(*, waiting_only: bool) -> list[Card]:
    """Return the alarms, the newest first; `waiting_only`: those that nobody has acknowledged."""
    rows = Alarm.objects.order_by("-raised_at", "id")
    return [_card(row) for row in (rows.filter(acknowledged_at=None) if waiting_only else rows)[:500]]


def part_of(
    window: Window,
    *,
    waiting_only: bool,
    kind: Kind | None = None,
    institution: str | None = None,
    since: datetime | None = None,
) -> Part[Card]:
    """Return a part of the alarms, the newest first; `waiting_only`: those that nobody has acknowledged; of a
    kind, about an institution, of what happened since a moment.
    """
    rows = Alarm.objects.filter(acknowledged_at=None) if waiting_only else Alarm.objects.all()
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    if institution is not None:
        rows = rows.filter(refs__institution=institution)
    if since is not None:
        rows = rows.filter(happened_at__gte=since)
    return windows.part(rows, window, "-raised_at", "id").of(_card)


def get(alarm_id: UUID) -> Card:
    """Return an alarm; raises `UnknownAlarm`."""
    row = Alarm.objects.filter(pk=alarm_id).first()
    if row is None:
        raise _unknown(alarm_id)
    return _card(row)


def acknowledge(alarm_id: UUID, *, note: str, actor: Actor, as_of: datetime) -> Card:
    """Say as the operator that an alarm has been seen and what was done; once, and with a note."""
    if not actor.is_operator:
        raise NotTheOperators("告警只能由平台运营机构查看和处置")
    told = redaction.redact(note).strip()[:500]
    if not told:
        raise GovernanceError("请写明处置情况 say what was done about it")
    with transaction.atomic():
        row = Alarm.objects.select_for_update(no_key=True).filter(pk=alarm_id).first()
        if row is None:
            raise _unknown(alarm_id)
        if row.acknowledged_at is not None:
            raise AlreadyAcknowledged(f"该告警已由{row.acknowledged_by}处置")
        row.acknowledged_at, row.acknowledged_by, row.note = as_of, str(actor), told
        row.save(update_fields=["acknowledged_at", "acknowledged_by", "note"])
        entries.append(
            Entry.ALARM_ACKNOWLEDGED,
            actor=actor,
            refs={"alarm": str(row.id), "alarm_kind": row.kind, "entry": str(row.entry)},
            as_of=as_of,
        )
    return _card(row)


def _unknown(alarm_id: UUID) -> UnknownAlarm:
    return UnknownAlarm(f"没有编号为{alarm_id}的告警")


def _card(row: Alarm) -> Card:
    return Card(
        row.id,
        Kind(row.kind),
        row.entry,
        row.refs,
        row.happened_at,
        row.raised_at,
        row.acknowledged_at,
        row.acknowledged_by,
        row.note,
    )
