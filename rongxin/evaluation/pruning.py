"""Forget runs of days that are over: scores are kept as long as a dated parameter says （（九）).

The full run that counted on the first day that is kept stays, and all since: of every such day the score that
counted then can be explained. What a forgotten run said of a firm on the day it drew a loan stays with the
loan, without its inputs: what a score was worth is known only years later. A process that is killed in
between goes on where it was.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Q
from pydantic import Field

from rongxin.consent.rules import business_day
from rongxin.evaluation.errors import EvaluationError
from rongxin.evaluation.models import Run
from rongxin.evaluation.monitoring import vintages
from rongxin.evaluation.states import RunKind, RunState
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.vocabulary import edition
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.edition import Edition
from rongxin.vocabulary.period import months_later

_PARAMETERS = Path(__file__).parent / "parameters"


class Keeping(Edition):
    """For how long the scores of a day are kept."""

    keep_days: int = Field(ge=1)
    #: Scores of the day on which a loan was drawn are kept so many months from then.
    loan_months: int = Field(ge=1)


def keeping(on: date) -> Keeping:
    """Return what holds on a day."""
    return edition.in_force(_editions(), on)


@cache
def _editions() -> tuple[Keeping, ...]:
    return edition.read(_PARAMETERS, "keeping_*.yaml", Keeping, broken=EvaluationError)


def prune(*, as_of: datetime) -> int:
    """Delete the runs whose days are over, with their scores; returns how many."""
    day = business_day(as_of)
    first = day - timedelta(days=keeping(day).keep_days)
    vintages.forget(before=months_later(day, -keeping(day).loan_months))
    full = Run.objects.filter(kind=RunKind.FULL, state=RunState.PUBLISHED, as_of__lte=first)
    stays = full.order_by("as_of", "facts_at").last()
    if stays is None:
        return 0
    earlier = Q(as_of__lt=stays.as_of) | Q(as_of=stays.as_of, facts_at__lt=stays.facts_at)
    over = Run.objects.filter(earlier, tier=stays.tier, state=RunState.PUBLISHED).order_by("id")
    pruned = list(over)
    if pruned:
        vintages.keep(before=stays.as_of)
    for run in pruned:
        _forget(run, as_of)
    return len(pruned)


def _forget(run: Run, as_of: datetime) -> None:
    """Delete a run bucket by bucket, the run itself last of all, with a note in the journal.

    How challengers compared with it stays: counts, on which a promotion may rest.
    """
    for bucket in run.buckets.order_by("number"):
        with connection.cursor() as cursor:
            for table in ("evaluation_score", "evaluation_shadowscore"):
                of_run = f"DELETE FROM {table} WHERE run_id = %s"  # noqa: S608
                span = [run.id, bucket.first_subject, bucket.last_subject]
                cursor.execute(f"{of_run} AND subject_id BETWEEN %s AND %s", span)
    with transaction.atomic():
        refs: dict[str, str | int] = {"run": run.id, "evaluated_as_of": run.as_of.isoformat()}
        entries.append(Kind.EVALUATION_PRUNED, actor=SYSTEM, refs=refs, as_of=as_of)
        run.delete()
