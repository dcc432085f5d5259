"""Score anew whom news touched: within a minute of a batch, an ending or a repair （（七）, 令36号).

Follows the journal as every consumer does. The cursor moves in the transaction that notes who was touched; a
crash in between scores a subject twice, never not at all.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from rongxin.evaluation import runs
from rongxin.evaluation.errors import NothingToScore
from rongxin.evaluation.models import Run, Touched
from rongxin.evaluation.states import RunKind, RunState
from rongxin.evaluation.tiers import Tier
from rongxin.journal import news
from rongxin.journal.rules import Kind
from rongxin.records import touches
from rongxin.sharing.bulk import freshness
from rongxin.vocabulary.actor import SYSTEM

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
# What is more than these waits for the next turn, in the order in which it was touched.
_AT_ONCE = 50_000
# A subject stands in the queue once, however often it is touched.
_QUEUE = """
INSERT INTO evaluation_touched (subject_id, touched_at)
SELECT DISTINCT id, %s::timestamptz FROM unnest(%s::bigint[]) AS touched (id)
ON CONFLICT (subject_id) DO UPDATE SET touched_at = excluded.touched_at
"""


def follow(*, as_of: datetime) -> int:
    """Note whom the news touched, then score them anew; returns how many were scored.

    Before the first full run there is nothing to bring up to date: it will see everything.
    """
    started = Run.objects.filter(kind=RunKind.FULL, tier=Tier.PUBLIC).exists()
    while True:
        _note(started=started, as_of=as_of)
        if news.lag(CONSUMER) == 0:
            break
    return _score(as_of) if Run.objects.filter(kind=RunKind.FULL, state=RunState.PUBLISHED).exists() else 0


def _note(*, started: bool, as_of: datetime) -> None:
    with news.read(CONSUMER, KINDS, entries_max=500) as found:
        touched: set[int] = set()
        for entry in found if started else ():
            touched |= _touched_by(entry)
        if touched:
            with connection.cursor() as cursor:
                cursor.execute(_QUEUE, [as_of, sorted(touched)])


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


def _score(as_of: datetime) -> int:
    """Score those in the queue; who is touched meanwhile stays in it."""
    queue = Touched.objects.order_by("touched_at", "subject_id").values_list("subject_id", "touched_at")
    waiting = list(queue[:_AT_ONCE])
    if not waiting:
        return 0
    try:
        scored = runs.touched([subject for subject, _ in waiting], actor=SYSTEM, as_of=as_of).subjects
    except NothingToScore:
        scored = 0  # known from rows only, none of them registered yet
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM evaluation_touched t USING unnest(%s::bigint[], %s::timestamptz[]) AS done (id, at)"
            " WHERE t.subject_id = done.id AND t.touched_at = done.at",
            [[subject for subject, _ in waiting], [at for _, at in waiting]],
        )
    return scored
