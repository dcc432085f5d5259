"""One row of a batch that a person matched to a subject, late: what it must not overtake, and how it is taken
back ((五)(九); docs/decisions/0015-matching-desk.md).

Filing itself is `filing`'s. What had come between the batch and the decision is asked here, so that the store
looks as if the row had come with its code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from rongxin.records import filing, row_endings
from rongxin.records.rules import EQUAL, EndedWhy, Precedence
from rongxin.vocabulary.actor import Actor

# The row has been staged. Against the same record of the same day, a row of its own batch contradicts it, and
# one that was received later has taken its place already; `filing` itself knows no order of batches.
_STANDS_AGAINST = """
SELECT r.batch_id, r.line, (r.received_at AT TIME ZONE 'Asia/Shanghai')::date
FROM filing_staging s
JOIN records_record r ON r.subject_id = s.subject_id AND r.item = %(item)s AND r.record_key = s.record_key
WHERE r.ended_at IS NULL AND r.provider = %(provider)s AND r.digest <> s.digest
  AND coalesce(s.observed_on, %(today)s)
      = coalesce(r.observed_on, (r.received_at AT TIME ZONE 'Asia/Shanghai')::date)
  AND (r.batch_id = %(batch)s OR r.received_at > %(received_at)s)
"""

_SPOKEN_OF = """
SELECT EXISTS (
    SELECT 1 FROM filing_staging s
    JOIN records_record r ON r.item = %(item)s AND r.record_key = s.record_key
    WHERE r.batch_id = ANY(%(lists)s) OR r.ended_by = ANY(%(by)s)
)
"""

_ROWS = """
SELECT id, record_key, ended_at IS NULL FROM records_record
WHERE subject_id = %(subject)s AND batch_id = %(batch)s AND line = %(line)s AND item = %(item)s
ORDER BY id DESC LIMIT 1
"""

_NOTE = """
INSERT INTO records_unmatching
    (decision, batch_id, line, subject_id, record_key, through_id, unmatched_at)
VALUES
    (%(decision)s, %(batch)s, %(line)s, %(subject)s, %(record_key)s, %(through)s, %(as_of)s)
"""


@dataclass(frozen=True)
class Standing:
    """What is on file of the same record and day: a row of the same batch, or one received later."""

    batch_id: UUID
    line: int
    received_on: date
    same_batch: bool


@dataclass(frozen=True)
class Unmatched:
    """Whether the row still counted, and whether an earlier one counts again."""

    ended: bool
    reinstated: bool


def stands_against(lot: filing.Lot) -> Standing | None:
    """Return what forbids to file the one row that is staged, inside its transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDS_AGAINST, _of(lot))
        found = cursor.fetchone()
    if found is None:
        return None
    batch_id, line, received_on = found
    return Standing(batch_id, line, received_on, same_batch=batch_id == lot.batch_id)


def spoken_of(lot: filing.Lot, lists: Sequence[UUID]) -> bool:
    """Whether one of these full lists speaks of the staged row's record key (an A list of the same year)."""
    given: dict[str, Any] = {"item": lot.item, "lists": list(lists), "by": [f"batch:{one}" for one in lists]}
    with connection.cursor() as cursor:
        cursor.execute(_SPOKEN_OF, given)
        return bool(cursor.fetchone()[0])


def take_back(
    decision: UUID,
    *,
    item: str,
    batch_id: UUID,
    line: int,
    subject_id: int,
    lists: filing.FullLists,
    actor: Actor,
    as_of: datetime,
    precedence: Precedence = EQUAL,
) -> Unmatched:
    """End a matched row, and let what it had superseded count again, as a new row.

    One that has ended since (superseded, corrected) is only noted: the withdrawal of what superseded it won't
    bring it back, but what had stood before it.
    """
    given: dict[str, Any] = {
        "decision": decision,
        "item": item,
        "batch": batch_id,
        "line": line,
        "subject": subject_id,
        "as_of": as_of,
    }
    with transaction.atomic():
        filing.queue(item)
        through = filing.settled_through(item)
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, given)
            found = cursor.fetchone()
            if found is None:  # another source shares it, and it stood by already in the same words
                return Unmatched(ended=False, reinstated=False)
            record_id, record_key, is_live = found
            cursor.execute(_NOTE, {**given, "record_key": record_key, "through": through})
        if not is_live:
            return Unmatched(ended=False, reinstated=False)
        reinstated = row_endings.take_back(
            record_id,
            EndedWhy.UNMATCHED,
            subject_id=subject_id,
            lists=lists,
            ended_by=f"match:{decision}",
            actor=actor,
            as_of=as_of,
            precedence=precedence,
        )
    return Unmatched(ended=True, reinstated=reinstated > 0)


def _of(lot: filing.Lot) -> dict[str, Any]:
    return {
        "item": lot.item,
        "provider": lot.provider,
        "batch": lot.batch_id,
        "received_at": lot.received_at,
        "today": lot.received_at.astimezone(filing.CHINA).date(),
    }
