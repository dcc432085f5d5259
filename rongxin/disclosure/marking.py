"""Marks beside what leaves: whoever gets a record is told of the objection or repair under way ((九)).

They are read after the records and shown beside what leaves only: a mark on a withheld item or field would
tell of what is withheld.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from rongxin.consent.rules import business_day
from rongxin.disclosure.release import ReleasedItem, ReleasedMark, ReleasedRow
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.records import marks
from rongxin.records.marks import Standing
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode

# A subject of which so many records ended while an answer waited is asked about anew by anybody with sense.
_ENDINGS_MAX = 10_000
_SAYS_SOMETHING = (Availability.RECORDS, Availability.PARTIAL, Availability.NO_RECORD)


def of(subjects: Collection[int]) -> dict[int, list[Standing]]:
    """Return the marks in force by subject; subjects without any are left out."""
    found: dict[int, list[Standing]] = {}
    for mark in marks.standing(subjects):
        found.setdefault(mark.subject, []).append(mark)
    return found


def beside(items: Sequence[ReleasedItem], standing: Sequence[Standing]) -> tuple[ReleasedItem, ...]:
    """Return the items with their marks beside them."""
    if not standing:
        return tuple(items)
    return tuple(_item(item, [mark for mark in standing if mark.item == item.item]) for item in items)


def as_now(items: Sequence[ReleasedItem], subject_id: int, *, since: datetime) -> tuple[ReleasedItem, ...]:
    """Return what was read before as it may leave now: without records that were repaired, corrected or
    removed since, nor a score that may rest on one, and with the marks of now.
    """
    ended = {
        int(entry.refs["record"])
        for entry in entries.find(
            subject=subject_id, kinds=(Kind.RECORD_ENDED,), since=since, entries_max=_ENDINGS_MAX
        )
    }
    living = [_without(item, ended) for item in items] if ended else list(items)
    bare = [
        replace(item, marks=(), rows=tuple(replace(row, marks=()) for row in item.rows)) for item in living
    ]
    return beside(bare, of([subject_id]).get(subject_id, ()))


def _without(item: ReleasedItem, ended: set[int]) -> ReleasedItem:
    derived = any(row.mode is SharingMode.DERIVED for row in item.rows)
    rows = () if derived else tuple(row for row in item.rows if row.record_id not in ended)
    if len(rows) == len(item.rows):
        return item
    if rows or item.sealed or item.availability is not Availability.RECORDS:
        return replace(item, rows=rows)
    reason = Reason.EVALUATION_UNDER_WAY if derived else None
    return replace(item, rows=(), availability=Availability.NO_RECORD, reason=reason)


def _item(item: ReleasedItem, standing: Sequence[Standing]) -> ReleasedItem:
    if not standing:
        return item
    whole = [mark for mark in standing if mark.record is None]
    return replace(
        item,
        rows=tuple(_row(row, standing) for row in item.rows),
        marks=tuple(map(_said, whole)) if item.availability in _SAYS_SOMETHING else (),
    )


def _row(row: ReleasedRow, standing: Sequence[Standing]) -> ReleasedRow:
    own = [
        mark
        for mark in standing
        if mark.record is not None and mark.record == row.record_id and mark.field in ("", *row.fields)
    ]
    return replace(row, marks=tuple(map(_said, own))) if own else row


def _said(mark: Standing) -> ReleasedMark:
    return ReleasedMark(mark.kind, mark.field, business_day(mark.since))
