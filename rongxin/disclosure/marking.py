"""Marks beside what leaves: whoever gets a record is told of the objection or repair under way ((九)).

They are read after the records and shown beside what leaves only: a mark on a withheld item or field would
tell of what is withheld.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from rongxin.consent.rules import business_day
from rongxin.disclosure.release import ReleasedItem, ReleasedMark, ReleasedRow
from rongxin.records import marks
from rongxin.records.marks import Standing
from rongxin.vocabulary.availability import Availability

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
