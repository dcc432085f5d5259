"""How scores and indicators are spread over everybody: counted page by page, so that memory stays the same.

An indicator is counted by the bins of its own card, with a bin for missing and one for not applicable.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from rongxin.evaluation import compiling, lines, loading, packing, scores
from rongxin.evaluation.cards import Bins
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.tiers import Tier

PAGE = 20_000
DECILES = 10


@dataclass
class Indicator:
    """Counts by the card's bins from the lowest, then missing, then not applicable."""

    counts: NDArray[np.int64]


def missing_permille(counts: Sequence[int]) -> int:
    """Return the share of missing values among those to whom an indicator applies."""
    applies = sum(counts[:-1])
    return 1000 * counts[-2] // applies if applies else 0


@dataclass
class Spread:
    """What was counted of one version: by score from 0 to 1000 (then: not rated), and by indicator."""

    scores: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1002, dtype=np.int64))
    grades: Counter[str] = field(default_factory=Counter)
    indicators: dict[str, Indicator] = field(default_factory=dict)
    groups: dict[str, dict[str, NDArray[np.int64]]] = field(default_factory=dict)

    @property
    def subjects(self) -> int:
        return int(self.scores.sum())

    def by_edges(self, edges: Sequence[int]) -> list[int]:
        """Count scores between edges, those not rated last."""
        bounds = [0, *edges, 1001]
        parts = [int(self.scores[a:b].sum()) for a, b in pairwise(bounds)]
        return [*parts, int(self.scores[1001])]

    def deciles(self) -> list[int]:
        """Return the scores that part the rated into tenths, as far as they differ."""
        rated = self.scores[:1001]
        if not rated.sum():
            return []
        shares = np.cumsum(rated) / rated.sum()
        found = np.searchsorted(shares, np.arange(1, DECILES) / DECILES) + 1
        return sorted({int(edge) for edge in found if 0 < edge < 1001})


@dataclass(frozen=True)
class Where:
    """Which scores are counted: those that count on a day, or all of one run."""

    day: date | None = None
    run: int | None = None


def count(version: str, where: Where, *, groups: Mapping[str, str], below: int) -> Spread:
    """Count the scores of a version.

    `groups` gives breakdowns by name and the SQL of their word over the subject `b`; of each group are
    counted subjects, rated, the sum of their scores and those `below` a score.
    """
    spec, found = loading.load(version), Spread()
    found.groups = {name: {} for name in groups}
    reader = _Reader(spec, version)
    found.indicators = {
        code: Indicator(np.zeros(len(spec.bins(code).points) + 2, np.int64)) for code in reader.codes
    }
    for page in _pages(version, where, groups):
        _add_scores(found, page, tuple(groups), below)
        reader.add(found, [json.loads(row[3]) for row in page])
    return found


class _Reader:
    """Where each indicator's state and value stand in the list of inputs."""

    def __init__(self, spec: Specification, version: str) -> None:
        program = compiling.program(version, Tier.PUBLIC, as_of=date(2026, 1, 1), narrow=False)
        names = lines.inputs_of(program)
        self.codes = program.codes
        self._spec = spec
        self._places = {
            code: (names.index(f"{code}_state"), names.index(f"{code}_value")) for code in self.codes
        }

    def add(self, found: Spread, rows: Sequence[Sequence[Any]]) -> None:
        for code, (state, value) in self._places.items():
            states = np.fromiter((row[state] for row in rows), dtype=np.int8, count=len(rows))
            values = np.fromiter((row[value] or 0 for row in rows), dtype=np.float64, count=len(rows))
            found.indicators[code].counts += _binned(self._spec.bins(code), states, values)


def _binned(bins: Bins, states: NDArray[np.int8], values: NDArray[np.float64]) -> NDArray[np.int64]:
    edges, last = [edge for edge, _ in bins.steps], len(bins.points)
    place = np.searchsorted(np.array(edges, dtype=np.float64), values, side="right")
    place[states == packing.MISSING] = last
    place[states == packing.NOT_APPLICABLE] = last + 1
    return np.bincount(place, minlength=last + 2).astype(np.int64)


def _add_scores(found: Spread, page: Sequence[Sequence[Any]], groups: tuple[str, ...], below: int) -> None:
    made = np.fromiter((1001 if row[1] is None else row[1] for row in page), dtype=np.int64, count=len(page))
    found.scores += np.bincount(made, minlength=1002)
    found.grades.update(row[2] for row in page)
    for place, name in enumerate(groups, start=4):
        for row, score in zip(page, made.tolist(), strict=True):
            sums = found.groups[name].setdefault(row[place], np.zeros(4, np.int64))
            sums[0] += 1
            if score <= 1000:
                sums[1] += 1
                sums[2] += score
                sums[3] += score < below


def _pages(version: str, where: Where, groups: Mapping[str, str]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield subject, score, grade, inputs and group words, by ranges of subjects."""
    words = "".join(f", {expression}" for expression in groups.values())
    statement = _PAGE.format(counting=_OF_RUN if where.run is not None else scores.ALL, words=words)
    given = {"day": where.day, "run": where.run, "version": version}
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM parties_subject")
        first, last = cursor.fetchone()
        for start in range(first, last + 1, PAGE):
            cursor.execute(statement, {**given, "from": start, "to": start + PAGE - 1})
            if page := cursor.fetchall():
                yield page


_OF_RUN = "SELECT s.* FROM evaluation_score s WHERE s.run_id = %(run)s"
_PAGE = """
SELECT c.subject_id, c.score, c.grade, c.inputs{words}
FROM ({counting}) c JOIN evaluation_run r ON r.id = c.run_id JOIN parties_subject b ON b.id = c.subject_id
WHERE r.version = %(version)s AND c.subject_id BETWEEN %(from)s AND %(to)s
"""
