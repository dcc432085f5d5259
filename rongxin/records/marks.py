"""标注: what stands beside a record while its subject's objection or repair is under way ((九)).

A mark says nothing of whether the record is right. It is read with the records, so that whoever gets the
record gets the mark from the moment it is committed; and it goes along when a later batch supersedes it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection, transaction

from rongxin.journal import entries, plans
from rongxin.journal.rules import Kind
from rongxin.records.models import Mark
from rongxin.records.rules import MarkKind
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Standing:
    """A mark in force. `record` None: the item as a whole, of which no record is held; `field` "": all of it.
    `act` is the objection or repair that it stands for.
    """

    subject: int
    item: str
    record: int | None
    field: str
    kind: MarkKind
    act: UUID
    since: datetime


_STANDING = """
SELECT subject_id, item, record_id, field, kind, act, set_at FROM records_mark
WHERE subject_id = ANY(%s) AND cleared_at IS NULL ORDER BY set_at, id
"""
# A record that has ended has handed its marks to the one that now counts in its place.
CARRY = """
UPDATE records_mark m SET record_id = live.id
FROM records_record old JOIN records_record live
  ON live.subject_id = old.subject_id AND live.item = old.item AND live.record_key = old.record_key
WHERE m.item = %(item)s AND m.cleared_at IS NULL
  AND old.subject_id = m.subject_id AND old.id = m.record_id
  AND old.ended_at IS NOT NULL AND live.ended_at IS NULL
"""


def put(
    subject_id: int,
    item: str,
    record_id: int | None,
    fields: Collection[str],
    *,
    kind: MarkKind,
    act: UUID,
    actor: Actor,
    as_of: datetime,
) -> None:
    """Mark a record (or an item as a whole), or only some of its fields, in the caller's transaction."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a mark is committed with the act that it stands for")
    Mark.objects.bulk_create(
        Mark(
            id=uuid4(),
            subject_id=subject_id,
            item=item,
            record_id=record_id,
            field=field,
            kind=kind.value,
            act=act,
            set_at=as_of,
        )
        for field in sorted(fields) or [""]
    )
    _journal(subject_id, item, record_id, kind, act, "set", actor=actor, as_of=as_of)


def clear(act: UUID, *, actor: Actor, as_of: datetime) -> int:
    """Take away the marks of an objection or repair; returns how many stood."""
    with transaction.atomic():
        standing = list(Mark.objects.select_for_update().filter(act=act, cleared_at=None))
        Mark.objects.filter(pk__in=[mark.pk for mark in standing]).update(cleared_at=as_of)
        if standing:
            one = standing[0]
            kind = MarkKind(one.kind)
            _journal(one.subject_id, one.item, one.record_id, kind, act, "cleared", actor=actor, as_of=as_of)
    return len(standing)


def move(subject_id: int, item: str, old: int, new: int, *, actor: Actor, as_of: datetime) -> int:
    """Hand the marks of a row to the one that counts in its place, in the caller's transaction; returns how
    many moved. What stood is kept as it was; the mark counts from the day from which it stood.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("marks move with the act that moves the row")
    rows = Mark.objects.select_for_update().filter(
        subject_id=subject_id, item=item, record_id=old, cleared_at=None
    )
    standing = list(rows.order_by("id"))
    Mark.objects.filter(pk__in=[mark.pk for mark in standing]).update(cleared_at=as_of)
    Mark.objects.bulk_create(
        Mark(
            id=uuid4(),
            subject_id=subject_id,
            item=item,
            record_id=new,
            field=mark.field,
            kind=mark.kind,
            act=mark.act,
            set_at=mark.set_at,
        )
        for mark in standing
    )
    for act, kind in sorted({(mark.act, mark.kind) for mark in standing}):
        _journal(subject_id, item, new, MarkKind(kind), act, "moved", actor=actor, as_of=as_of)
    return len(standing)


def standing(subjects: Collection[int]) -> list[Standing]:
    """Return the marks in force about these subjects, the oldest first."""
    found = plans.rows(_STANDING, [list(subjects)])
    return [
        Standing(subject, item, record, field, MarkKind(kind), act, since)
        for subject, item, record, field, kind, act, since in found
    ]


def of_items(items: Collection[str]) -> list[tuple[str, int, str, str]]:
    """Return the marks in force on records of these items: item, record, field, kind."""
    rows = Mark.objects.filter(item__in=list(items), cleared_at=None, record_id__isnull=False)
    return [
        (item, record, field, kind)
        for item, record, field, kind in rows.values_list("item", "record_id", "field", "kind")
        if record is not None
    ]


def record_of(act: UUID) -> int | None:
    """Return the record that the mark of an act stands on now; None where it stands on none."""
    return Mark.objects.filter(act=act, cleared_at=None).values_list("record_id", flat=True).first()


def carry(item: str) -> int:
    """Hand the marks of an item's superseded records to those that count now; returns how many moved."""
    with connection.cursor() as cursor:
        cursor.execute(CARRY, {"item": item})
        return int(cursor.rowcount)


def _journal(
    subject_id: int,
    item: str,
    record_id: int | None,
    kind: MarkKind,
    act: UUID,
    change: str,
    *,
    actor: Actor,
    as_of: datetime,
) -> None:
    refs: dict[str, str | int] = {
        "subject": subject_id,
        "item": item,
        "act": f"{kind.value}:{act}",
        "change": change,
    }
    if record_id is not None:
        refs["record"] = record_id
    entries.append(Kind.RECORD_MARKED, actor=actor, refs=refs, as_of=as_of)
