"""影子运行: challengers scored beside the champion, of the same facts and buckets; nobody is shown them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from rongxin.evaluation import compiling, engines
from rongxin.evaluation.compiling import Program
from rongxin.evaluation.models import Run, ShadowRun
from rongxin.evaluation.monitoring import register, rules
from rongxin.evaluation.spans import Span
from rongxin.proof import canonical

_NOTE = "challengers.json"


@dataclass(frozen=True)
class Challengers:
    """`programs` are scored; `lacking` says of a version why it can't be, in this run."""

    programs: tuple[Program, ...] = ()
    lacking: tuple[tuple[str, str], ...] = ()

    def reads(self, champion: Program) -> Program:
        """Return the champion's program, widened to the columns that the challengers read beside."""
        items: dict[str, dict[str, None]] = {}
        for program in (champion, *self.programs):
            for item, columns in program.reads.items():
                items.setdefault(item, {}).update(dict.fromkeys(columns))
        return replace(champion, items=tuple(items), reads={name: tuple(own) for name, own in items.items()})


def of(champion: Program, engine: str, *, only: Sequence[str] | None = None) -> Challengers:
    """Compile the challengers of a full run by the champion (or, before there is one, by any version).

    What is known of a subject is laid down once, by the champion's sources: a challenger that asks others
    can't be scored from it, and that is noted.
    """
    if register.champion() not in (None, champion.version):
        return Challengers()
    programs, lacking = [], []
    for version in register.challengers():
        if version == champion.version or (only is not None and version not in only):
            continue
        made = compiling.program(
            version, champion.tier, as_of=champion.as_of, dialect=engines.dialect(engine), narrow=True
        )
        if made.sources == champion.sources:
            programs.append(made)
        else:
            lacking.append((version, "其信号所需的数据源与在用版本不同 it asks other sources"))
    return Challengers(tuple(programs), tuple(lacking))


def note(challengers: Challengers, folder: Path) -> None:
    """Leave word beside the facts for whom they were laid down."""
    (folder / _NOTE).write_text(json.dumps([one.version for one in challengers.programs]), "utf-8")


def noted(champion: Program, engine: str, folder: Path) -> Challengers:
    """Return the challengers of an interrupted run: whoever came since waits for the next one."""
    only = json.loads((folder / _NOTE).read_text("utf-8")) if (folder / _NOTE).is_file() else []
    return of(champion, engine, only=only)


class Beside:
    """The challengers at work on the buckets of one run."""

    def __init__(self, run: Run, opened: Sequence[tuple[Program, engines.Engine]]) -> None:
        self._run, self._opened = run, opened

    def score(self, span: Span) -> None:
        """Score a bucket by every challenger; done again after a break, it is the same."""
        for program, engine in self._opened:
            scored = engine.score(span)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_CLEAR, [self._run.id, program.version, span.first, span.last])
                with cursor.copy(_COPY) as copy:
                    for line in _lines(scored.path):
                        copy.write_row((self._run.id, program.version, *line))
            scored.path.unlink()


@contextmanager
def opened(run: Run, challengers: Challengers, folder: Path) -> Iterator[Beside]:
    """Open an engine for each challenger over the facts of a run."""
    with ExitStack() as stack:
        yield Beside(
            run,
            [
                (one, stack.enter_context(engines.opened(run.engine, one, folder)))
                for one in challengers.programs
            ],
        )


def conclude(run: Run, challengers: Challengers, *, as_of: datetime) -> None:
    """Write down how each challenger compares with the champion over the whole run."""
    compared = {one.version: _compared(run.id, one.version) for one in challengers.programs}
    compared |= {version: {"not_scored": why} for version, why in challengers.lacking}
    for version, comparison in compared.items():
        ShadowRun.objects.filter(run_id=run.id, version=version).delete()
        ShadowRun.objects.create(
            run_id=run.id,
            version=version,
            done_at=as_of,
            comparison=comparison,
            sha256=canonical.digest({"run": run.id, "version": version, "comparison": comparison}),
        )


def _lines(path: Path) -> Iterator[tuple[Any, ...]]:
    """Subject, score, grade and coverage of each line of an engine's file."""
    with path.open(newline="", encoding="utf-8") as file:
        for subject, score, grade, _public, coverage, *_ in csv.reader(file):
            yield int(subject), int(score) if score else None, grade, int(coverage)


def _compared(run: int, version: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_MIGRATION, {"run": run, "version": version})
        moved = cursor.fetchall()
        cursor.execute(_DIFFERENCE, {"run": run, "version": version})
        subjects, both, difference = cursor.fetchone()
    grades = sorted({grade for own, other, _ in moved for grade in (own, other)})
    sums = {
        side: [sum(count for *two, count in moved if two[side] == grade) for grade in grades]
        for side in (0, 1)
    }
    return {
        "subjects": subjects,
        "rated_by_both": both,
        "mean_difference_hundredths": difference,
        "same_grade_permille": 1000 * sum(count for own, other, count in moved if own == other) // subjects
        if subjects
        else 0,
        "psi_of_grades_hundred_thousandths": round(100_000 * rules.psi(sums[0], sums[1])),
        "migration": [
            {"champion": own, "challenger": other, "subjects": count} for own, other, count in moved
        ],
    }


_CLEAR = """
DELETE FROM evaluation_shadowscore WHERE run_id = %s AND version = %s AND subject_id BETWEEN %s AND %s
"""
_COPY = "COPY evaluation_shadowscore (run_id, version, subject_id, score, grade, coverage) FROM STDIN"
_JOINED = """
FROM evaluation_score own JOIN evaluation_shadowscore other
  ON other.run_id = own.run_id AND other.subject_id = own.subject_id AND other.version = %(version)s
WHERE own.run_id = %(run)s
"""
_MIGRATION = f"SELECT own.grade, other.grade, count(*) {_JOINED} GROUP BY 1, 2 ORDER BY 1, 2"
_DIFFERENCE = f"""
SELECT count(*), count(*) FILTER (WHERE own.score IS NOT NULL AND other.score IS NOT NULL),
       coalesce(round(100 * avg(other.score - own.score)), 0)::int {_JOINED}
"""
