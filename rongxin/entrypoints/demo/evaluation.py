"""Score the whole invented city before its story is told, and read from the report what came of its hero."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone
from rich.progress import Progress

from rongxin.evaluation import covering, loading, runs
from rongxin.records import publication
from rongxin.vocabulary.actor import SYSTEM


def score(bar: Progress, say: Callable[[str], None]) -> dict[str, Any]:
    """Score everybody as of today; return what the summary says of it."""
    task = bar.add_task("信用评价 Scoring everybody")
    now = timezone.now()
    day = timezone.localdate(now)
    publication.end_due(as_of=now)  # as the worker will: what is over by today is in no score
    outcome = runs.full(
        day=day,
        version=loading.load().version,
        progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        actor=SYSTEM,
        as_of=now,
    )
    covered = covering.report(day=day)
    say(
        f"全覆盖评价：{outcome.subjects}户，覆盖{covered['coverage']:.1%}，"
        f"{outcome.wall_seconds:.1f}秒 everybody scored"
    )
    return {"scored_subjects": covered["scored_subjects"], "coverage": covered["coverage"]}


def of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the score that the story's report shows; none where it shows none."""
    shown = report["evaluation"]["scores"]
    return {name: shown[0][name] if shown else None for name in ("score", "grade")}
