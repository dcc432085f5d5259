"""What a provider answered about some subjects is all it holds of them: the rest of its rows ends ((五)).

For items that are called by written agreement (`sharing.bulk`), whose rows have all come by such answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from rongxin.records import filing
from rongxin.records.filing import Delisted, Lot
from rongxin.records.rules import EndedWhy

_OF = """
FROM records_record r
WHERE r.item = %(item)s AND r.provider = %(provider)s AND r.ended_at IS NULL
  AND r.subject_id = ANY(%(subjects)s)
"""
_COUNT = f"SELECT count(*) {_OF}"
# `filing_staging` holds what was answered; a record that was merely confirmed stands in it, too.
_END = f"""
UPDATE records_record SET ended_at = %(as_of)s, ended_why = %(why)s, ended_by = %(by)s
WHERE ended_at IS NULL AND (subject_id, id) IN (
    SELECT r.subject_id, r.id {_OF}
      AND NOT EXISTS (
          SELECT 1 FROM filing_staging s WHERE s.subject_id = r.subject_id AND s.record_key = r.record_key
      )
)
"""  # noqa: S608
_END_SOME = """
UPDATE records_record SET ended_at = %(as_of)s, ended_why = %(why)s, ended_by = %(by)s
WHERE ended_at IS NULL AND (subject_id, id) IN (
    SELECT subject_id, id FROM records_record
    WHERE item = %(item)s AND provider = %(provider)s AND ended_at IS NULL LIMIT %(limit)s
)
"""


def end_absent(lot: Lot, subjects: Sequence[int], *, staged: bool, by: str, as_of: datetime) -> Delisted:
    """End what the provider holds no longer of subjects about whom it has answered in full.

    Called in the transaction that filed the lot, right after; `staged` says that rows were filed in it.
    """
    if not staged:
        filing.stage(lot, as_of=as_of)
    given: dict[str, Any] = {
        "item": lot.item,
        "provider": lot.provider,
        "subjects": list(subjects),
        "as_of": as_of,
        "why": EndedWhy.NOT_IN_SOURCE,
        "by": by,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, given)
        (live,) = cursor.fetchone()
        cursor.execute(_END, given)
        ended = int(cursor.rowcount)
    return Delisted(ended=ended, live=int(live) - ended)


def end_all(item: str, provider: str, *, by: str, as_of: datetime, at_once: int = 10_000) -> int:
    """End every row of a provider's item, some at a time; return how many ended."""
    given: dict[str, Any] = {
        "item": item,
        "provider": provider,
        "as_of": as_of,
        "why": EndedWhy.AGREEMENT_OVER,
        "by": by,
        "limit": at_once,
    }
    ended = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            filing.queue(item)
            cursor.execute(_END_SOME, given)
            done = int(cursor.rowcount)
        ended += done
        if done < at_once:
            return ended
