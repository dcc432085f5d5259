"""Columns that know the outcome: known only after it, or made from a column that is left out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rongxin.evaluation.fitting import columns, measures
from rongxin.evaluation.fitting.columns import CATEGORY
from rongxin.evaluation.fitting.sample import Floats, Sample

LEAK_AUC = 0.98
_HALVES_SEED = 7
_COPY = 0.9999  # correlation with a left-out column from which on a column says the same


def shut(sample: Sample, *, keep: Iterable[str], aside: dict[str, pl.Series]) -> None:
    """Leave out, by name, what tells the outcome by itself and what repeats a column that was left out."""
    out: dict[str, Floats] = {}
    for name, series in aside.items():
        column = columns.infer(series)
        if column is not None and column.kind != CATEGORY:
            values, _ = columns.numbers(series, column)
            out[name] = values.to_numpy().astype(np.float64)
    for name in list(sample.cells):
        cells = sample.cells[name]
        alone = _alone(cells, sample.bad)
        if alone > LEAK_AUC:
            is_number = sample.columns[name].kind != CATEGORY
            says = (
                f"单凭此列就知道结果，很可能事后才有 tells the outcome by itself (AUC {alone:.3f}), "
                "so it is probably known only after it"
            )
            _leave(sample, name, says, keep)
            if is_number and name not in sample.cells:
                out[name] = cells
    for name, values_aside in out.items():
        _copies(sample, name, values_aside, keep)


def _leave(sample: Sample, name: str, why: str, keep: Iterable[str]) -> None:
    if name in keep:
        sample.notes.append(f"警告 warning: {name} {why}；按要求保留 it is kept because you asked")
        return
    sample.left_out[name] = f"{why}；要用请加 --keep {name} takes it in"
    del sample.cells[name], sample.columns[name]
    sample.levels.pop(name, None)


def _alone(cells: Floats, bad: NDArray[np.int8]) -> float:
    """AUC of one column: its bins are rated on one half of the rows and tried on the other."""
    half = np.random.default_rng(_HALVES_SEED).random(len(bad)) < 0.5
    present = cells[~np.isnan(cells)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, 21)[1:-1])) if len(present) else np.array([])
    exact = np.unique(present[:: max(1, len(present) // 100_000)])
    edges = (
        exact if len(exact) <= 500 else np.union1d(edges, np.nextafter(edges, np.inf))
    )  # a frequent value alone
    place = np.where(np.isnan(cells), len(edges) + 1, np.searchsorted(edges, cells, side="right"))
    aucs = []
    for side in (half, ~half):
        counts = np.bincount(place[side], minlength=len(edges) + 2)
        bads = np.bincount(place[side], bad[side], minlength=len(edges) + 2)
        rate = (bads + bad.mean()) / (counts + 1)
        aucs.append(measures.auc(bad[~side], rate[place[~side]]))
    return float(np.nanmean(aucs))


def _copies(sample: Sample, aside: str, values: Floats, keep: Iterable[str]) -> None:
    """What is left aside may not come in by another name: as a multiple or a sum of two."""
    numeric = [name for name in sample.cells if sample.columns[name].kind != CATEGORY]
    for name in numeric:
        if _follows(values, sample.cells[name]):
            _leave(sample, name, f"与未用的 {aside} 相同 says the same as {aside}, which is left out", keep)
    numeric = [name for name in numeric if name in sample.cells]
    for n, first in enumerate(numeric):
        for second in numeric[n + 1 :]:
            if first in sample.cells and second in sample.cells:
                _pair(sample, aside, values, (first, second), keep)


def _pair(sample: Sample, aside: str, values: Floats, pair: tuple[str, str], keep: Iterable[str]) -> None:
    one, two = (sample.cells[name] for name in pair)
    for together in (one - two, one + two):
        if _follows(values, together):
            _leave(
                sample,
                pair[1],
                f"与 {pair[0]} 一起可得未用的 {aside} "
                f"gives {aside}, which is left out, together with {pair[0]}",
                keep,
            )
            return


def _follows(values: Floats, other: Floats) -> bool:
    both = ~(np.isnan(values) | np.isnan(other))
    if both.sum() < max(20, 0.5 * len(values)):
        return False
    a, b = values[both], other[both]
    if a.std() == 0 or b.std() == 0 or not np.isfinite(b).all():
        return False
    return abs(float(np.corrcoef(a, b)[0, 1])) > _COPY
