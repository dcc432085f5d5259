"""评价模型: the way of a version from draft to champion, and what its figures say of it ((七)). Pure.

A challenger is scored beside the champion and seen by nobody (shadow). One person proposes it, another
promotes it; the champion that it replaces retires. Figures are counts: nothing here knows a subject.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from rongxin.vocabulary.labelled import Labelled

_EMPTY_SHARE = 1e-4  # stands in for an empty bin of PSI, whose logarithm would be infinite


class State(Labelled):
    """Where a version stands."""

    DRAFT = "draft", "草稿", "draft"
    SHADOW = "shadow", "影子运行（挑战者）", "in shadow (challenger)"
    CHAMPION = "champion", "在用（冠军）", "in use (champion)"
    RETIRED = "retired", "已停用", "retired"


class Act(StrEnum):
    SHADOW = "shadow"
    PROPOSE = "propose"
    PROMOTE = "promote"
    REPLACE = "replace"
    RETIRE = "retire"


TRANSITIONS: Final[Mapping[State, Mapping[Act, State]]] = {
    State.DRAFT: {Act.SHADOW: State.SHADOW, Act.RETIRE: State.RETIRED},
    # A proposal leaves it where it is; another person promotes it.
    State.SHADOW: {Act.PROPOSE: State.SHADOW, Act.PROMOTE: State.CHAMPION, Act.RETIRE: State.RETIRED},
    # There is always a champion, once there was one: it goes only when another takes its place.
    State.CHAMPION: {Act.REPLACE: State.RETIRED},
    State.RETIRED: {},
}
OWNERS: Final[Mapping[Act, str]] = {
    Act.SHADOW: "system administrator",
    Act.PROPOSE: "system administrator",
    Act.PROMOTE: "another person of the operator's",
    Act.REPLACE: "the promotion of another version",
    Act.RETIRE: "system administrator",
}


class Signal(Labelled):
    """What a figure calls for."""

    STEADY = "steady", "稳定", "steady"
    WATCH = "watch", "关注", "to be watched"
    ACT = "act", "须处理", "calls for action"


def psi(before: Sequence[int], after: Sequence[int]) -> float:
    """Return the population stability index of two tables of counts over the same bins (Siddiqi 2006)."""
    was, now = (
        [max(count / max(sum(counts), 1), _EMPTY_SHARE) for count in counts] for counts in (before, after)
    )
    return sum((b - a) * math.log(b / a) for a, b in zip(was, now, strict=True))


def signal(value: float, *, watch: float, act: float) -> Signal:
    return Signal.ACT if value >= act else Signal.WATCH if value >= watch else Signal.STEADY


def wilson(hits: int, of: int, z: float) -> tuple[float, float]:
    """Return the Wilson interval of a share (Brown, Cai and DasGupta 2001): sound for few and for none."""
    if not of:
        return 0.0, 1.0
    share, part = hits / of, z * z / of
    middle = (share + part / 2) / (1 + part)
    half = z * math.sqrt(share * (1 - share) / of + part / (4 * of)) / (1 + part)
    # The share itself lies within, also where rounding would put it a hair outside.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


@dataclass(frozen=True)
class Cell:
    """A group of a breakdown, with how many stand in it."""

    word: str
    subjects: int


def withheld(cells: Sequence[Cell], *, least: int) -> frozenset[str]:
    """Name the cells not to be shown: those too small, and another where one alone could be subtracted."""
    filled = [cell for cell in cells if cell.subjects]
    hidden = {cell.word for cell in filled if cell.subjects < least}
    if len(hidden) == 1 and len(filled) > 1:
        others = [cell for cell in filled if cell.word not in hidden]
        hidden.add(min(others, key=lambda cell: (cell.subjects, cell.word)).word)
    return frozenset(hidden)


def rounded(count: int, step: int) -> int:
    return (2 * count + step) // (2 * step) * step


def worse_grades_fail_more(rates: Sequence[float | None]) -> bool | None:
    """Whether bad rates don't fall from the best grade to the worst; None where fewer than two are known."""
    known = [rate for rate in rates if rate is not None]
    return all(a <= b for a, b in pairwise(known)) if len(known) > 1 else None
