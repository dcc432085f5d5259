"""The form that every fitted model is brought into: one step function for each column, added up.

Values are log-odds of the good outcome, so that more is better. A column's values are centred: 0 is what an
average row gets, and what a value that was never seen gets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """`values[k]` holds for edges[k-1] <= x < edges[k]; of a category for level k, the last for others."""

    edges: Floats  # empty for a category
    values: Floats
    missing: float
    is_category: bool = False

    def at(self, cells: Floats) -> Floats:
        """The value for each cell; NaN is missing. Levels come as their numbers."""
        gone = np.isnan(cells)
        if self.is_category:
            place = np.where(gone, 0, cells).astype(np.intp)
        else:
            place = np.searchsorted(self.edges, cells, side="right")
            place[gone] = 0
        return np.where(gone, self.missing, self.values[place])


Table = dict[str, Shape]


def total(table: Table, cells: dict[str, Floats], rows: int) -> Floats:
    """The sum over all columns for each row."""
    result = np.zeros(rows)
    for name, shape in table.items():
        result += shape.at(cells[name])
    return result


def blend(first: Table, second: Table, share: float) -> Table:
    """`share` of the first and the rest of the second; a column that one lacks counts 0 there."""
    return {
        name: _mixed(first.get(name), second.get(name), share) for name in dict.fromkeys((*first, *second))
    }


def _mixed(first: Shape | None, second: Shape | None, share: float) -> Shape:
    if first is None or second is None:
        only, part = (second, 1 - share) if first is None else (first, share)
        assert only is not None
        return replace(only, values=only.values * part, missing=only.missing * part)
    missing = share * first.missing + (1 - share) * second.missing
    if first.is_category:
        return replace(first, values=share * first.values + (1 - share) * second.values, missing=missing)
    edges = np.union1d(first.edges, second.edges)
    at = np.concatenate([[-np.inf], edges])
    return Shape(edges, share * first.at(at) + (1 - share) * second.at(at), missing)


def counted(shape: Shape, cells: Floats) -> tuple[NDArray[np.intp], int]:
    """How many rows each value has, and how many are missing."""
    gone = np.isnan(cells)
    present = cells[~gone]
    place = (
        present.astype(np.intp) if shape.is_category else np.searchsorted(shape.edges, present, side="right")
    )
    return np.bincount(place, minlength=len(shape.values)), int(gone.sum())


def monotone(shape: Shape, counts: NDArray[np.intp], direction: int) -> Shape:
    """The nearest step function that never falls (+1) or never rises (-1): pooled adjacent violators."""
    blocks: list[list[float]] = []
    for value, weight in zip(direction * shape.values, np.maximum(counts, 1e-9), strict=True):
        blocks.append([value, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            high = blocks.pop()
            low = blocks[-1]
            both = low[1] + high[1]
            blocks[-1] = [(low[0] * low[1] + high[0] * high[1]) / both, both, low[2] + high[2]]
    values = np.concatenate([np.full(int(block[2]), block[0]) for block in blocks])
    return replace(shape, values=direction * values)


def thinned(shape: Shape, counts: NDArray[np.intp], bins_max: int) -> Shape:
    """At most so many bins: neighbours are joined where the joined value differs least from both."""
    if shape.is_category:
        return shape
    values, weights, edges = list(shape.values), list(counts.astype(float)), list(shape.edges)
    while edges:
        costs = [
            weights[k]
            * weights[k + 1]
            / max(weights[k] + weights[k + 1], 1e-9)
            * (values[k] - values[k + 1]) ** 2
            for k in range(len(edges))
        ]
        k = int(np.argmin(costs))
        if len(values) <= bins_max and costs[k] > 0:
            break
        both = weights[k] + weights[k + 1]
        values[k] = (values[k] * weights[k] + values[k + 1] * weights[k + 1]) / both if both else values[k]
        weights[k] = both
        del values[k + 1], weights[k + 1], edges[k]
    return replace(shape, edges=np.array(edges), values=np.array(values))
