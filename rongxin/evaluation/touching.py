"""Score anew whom news touched: within a minute of a batch, an ending or a repair （（七）, 令36号)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from rongxin.evaluation import queueing, runs
from rongxin.evaluation.errors import NothingToScore
from rongxin.evaluation.models import Run, Touched
from rongxin.evaluation.states import RunKind, RunState
from rongxin.vocabulary.actor import SYSTEM

# What is more than these waits for the next turn, in the order in which it was touched.
_AT_ONCE = 50_000


def follow(*, as_of: datetime) -> int:
    """Queue whom the news touched, then score them anew; returns how many were scored.

    Before the first full run there is nothing to bring up to date: it will see everything.
    """
    full = Run.objects.filter(kind=RunKind.FULL)
    if not full.exists():
        queueing.skip(as_of=as_of)
        return 0
    queueing.take(as_of=as_of)
    return _score(as_of) if full.filter(state=RunState.PUBLISHED).exists() else 0


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
