"""Whom the journal's news touched: subjects whose score has to be made anew （（七）, 令36号).

The cursor moves in the transaction that puts them into the queue; a crash in between scores a subject twice,
never not at all.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from rongxin.journal import news
from rongxin.journal.rules import Kind
from rongxin.records import touches
from rongxin.sharing.bulk import freshness

CONSUMER = "evaluation.touched"
_BATCHES = (Kind.BATCH_FILED, Kind.BATCH_WITHDRAWN)
_SUBJECTS = (
    Kind.RECORD_ENDED,
    Kind.RECORD_MARKED,
    Kind.SUBJECT_OPENED,
    Kind.SUBJECT_CHANGED,
    Kind.MATCH_DECIDED,
    Kind.MATCH_REVERSED,
)
_BULK = (Kind.BULK_FILED, Kind.BULK_SWEPT)
KINDS = (*_BATCHES, *_SUBJECTS, *_BULK)
# A subject stands in the queue once, however often it is touched.
_QUEUE = """
INSERT INTO evaluation_touched (subject_id, touched_at)
SELECT DISTINCT id, %s::timestamptz FROM unnest(%s::bigint[]) AS touched (id)
ON CONFLICT (subject_id) DO UPDATE SET touched_at = excluded.touched_at
"""


def take(*, as_of: datetime) -> None:
    """Put all whom the news touched into the queue."""
    _read(queue=True, as_of=as_of)


def skip(*, as_of: datetime) -> None:
    """Let the news be read and nobody be queued: what is committed by now, the run to come will see."""
    _read(queue=False, as_of=as_of)


def _read(*, queue: bool, as_of: datetime) -> None:
    while True:
        with news.read(CONSUMER, KINDS, entries_max=500) as found:
            touched = {subject for entry in found if queue for subject in _touched_by(entry)}
            if touched:
                with connection.cursor() as cursor:
                    cursor.execute(_QUEUE, [as_of, sorted(touched)])
        if news.lag(CONSUMER) == 0:
            return


def _touched_by(entry: news.News) -> set[int]:
    refs = entry.refs
    touched: set[int] = set()
    if entry.kind in _SUBJECTS:
        return {int(refs["subject"])} if "subject" in refs else set()  # none: the row was handed back
    if entry.kind is Kind.BULK_FILED:
        touched |= freshness.asked_in(UUID(str(refs["turn"])))
    elif entry.kind is Kind.BULK_SWEPT:
        touched |= touches.of_act(str(refs["item"]), f"agreement:{refs['agreement']}")
    if "batch" in refs:
        touched |= touches.of_batch(UUID(str(refs["batch"])), str(refs["item"]))
    return touched
