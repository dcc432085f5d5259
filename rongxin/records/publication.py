"""公示期满: what may be published until a day is shared and used no more after it, and ends in the store.

The gate leaves such a record out from the first moment; this writes the ending down, so that the set path and
the lake follow and a department's next full export doesn't bring it back (发改委令第36号).
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.records import filing
from rongxin.records.errors import AlreadyEnded
from rongxin.records.rules import EndedWhy
from rongxin.vocabulary.actor import SYSTEM

_DUE = """
    SELECT subject_id, array_agg(id ORDER BY id) FROM records_record
    WHERE item = %s AND ended_at IS NULL AND payload ->> %s < %s
    GROUP BY subject_id ORDER BY subject_id LIMIT %s
"""


def end_due(*, as_of: datetime, subjects_max: int = 1000) -> int:
    """End the live records whose last day of publication is over; return of how many subjects."""
    today = timezone.localdate(as_of).isoformat()
    ended = 0
    for item in loader.load().items.values():
        if item.published_until is None or item.aggregation is None:
            continue
        with connection.cursor() as cursor:
            cursor.execute(_DUE, [item.item, item.published_until, today, subjects_max])
            due = cursor.fetchall()
        ended += sum(_end(subject, ids, today, as_of=as_of) for subject, ids in due)
    return ended


def _end(subject_id: int, ids: list[int], today: str, *, as_of: datetime) -> bool:
    try:
        filing.end(
            ids,
            EndedWhy.PUBLICATION_ENDED,
            subject_id=subject_id,
            ended_by=f"publication:{today}",
            actor=SYSTEM,
            as_of=as_of,
        )
    except AlreadyEnded:
        return False  # repaired or withdrawn in between: what is left comes up the next time
    return True
