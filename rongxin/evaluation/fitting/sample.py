"""What can be learnt from: rows with an outcome, columns that may speak, a word on each that may not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rongxin.evaluation.fitting.columns import Column

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wish:
    """What the caller said of the data. `directions`: +1 where more is better, -1 where more is worse."""

    target: str
    id: str | None = None
    date: str | None = None
    bad: str | None = None
    good: str | None = None
    leave_out: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    directions: dict[str, int] = field(default_factory=dict)


@dataclass
class Sample:
    bad: NDArray[np.int8]
    cells: dict[str, Floats]
    columns: dict[str, Column]
    levels: dict[str, list[str]]
    groups: NDArray[np.int64] | None  # rows of one id stay together
    dates: Floats | None
    words: dict[str, str]  # the target's own words for bad and good
    notes: list[str]
    left_out: dict[str, str]
    digest: str
    directions: dict[str, int]

    @property
    def rows(self) -> int:
        return len(self.bad)

    def part(self, rows: NDArray[Any]) -> dict[str, Floats]:
        return {name: cells[rows] for name, cells in self.cells.items()}
