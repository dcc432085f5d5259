"""Weight of evidence and logistic regression: optbinning finds the bins, regression weighs the columns."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from optbinning import OptimalBinning
from scipy.optimize import minimize

from rongxin.evaluation.fitting.shapes import Floats, Shape, Table

_IV_MIN = 0.005  # information value below which a column only adds noise
_PENALTY = 1.0
_LEVEL_ROWS = 10  # prior rows that a level's own rate is weighed against
_TREND = {1: "descending", -1: "ascending", 0: "auto_heuristic"}  # of the rate of the bad event


def fit(
    cells: dict[str, Floats], bad: NDArray[np.int8], levels: dict[str, list[str]], directions: dict[str, int]
) -> tuple[float, Table]:
    """Return intercept and table in log-odds of good; no column counts against its own evidence."""
    evidence: Table = {}
    for name, values in cells.items():
        shape = (
            _of_levels(values, bad, len(levels[name]))
            if name in levels
            else _of_numbers(values, bad, directions.get(name, 0))
        )
        if shape is not None:
            evidence[name] = shape
    if not evidence:
        return float(np.log((1 - bad.mean()) / bad.mean())), {}
    matrix = np.column_stack([shape.at(cells[name]) for name, shape in evidence.items()])
    intercept, weights = _regression(matrix, bad)
    table = {
        name: Shape(shape.edges, shape.values * weight, shape.missing * weight, shape.is_category)
        for (name, shape), weight in zip(evidence.items(), weights, strict=True)
        if weight > 0
    }
    return intercept, table


def _of_numbers(values: Floats, bad: NDArray[np.int8], direction: int) -> Shape | None:
    present = ~np.isnan(values)
    if len(np.unique(values[present][:1000])) < 2 and len(np.unique(values[present])) < 2:
        edges = np.array([])
        informative = None
    else:
        binning = OptimalBinning(
            dtype="numerical", monotonic_trend=_TREND[direction], max_n_bins=10, time_limit=60
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            binning.fit(values, bad)
        edges = np.asarray(binning.splits, dtype=np.float64)
        informative = binning
    if informative is None or binning.status not in ("OPTIMAL", "FEASIBLE"):
        edges = np.array([])
    place = np.searchsorted(edges, values, side="right")
    place[~present] = len(edges) + 1
    woe, iv = _evidence(place, bad, len(edges) + 2, prior=0.5)
    if iv < _IV_MIN:
        return None
    return Shape(edges, woe[:-1], woe[-1])


def _of_levels(values: Floats, bad: NDArray[np.int8], count: int) -> Shape | None:
    place = np.where(np.isnan(values), count + 1, values).astype(np.intp)
    woe, iv = _evidence(place, bad, count + 2, prior=_LEVEL_ROWS)
    return Shape(np.array([]), woe[:-1], woe[-1], is_category=True) if iv >= _IV_MIN else None


def _evidence(
    place: NDArray[np.intp], bad: NDArray[np.int8], bins: int, *, prior: float
) -> tuple[Floats, float]:
    """Weight of evidence of each bin, drawn to 0 by `prior` average rows; and the information value."""
    counts = np.bincount(place, minlength=bins).astype(float)
    bads = np.bincount(place, bad, minlength=bins)
    share = bad.mean()
    rate = (bads + prior * share) / (counts + prior)
    woe = np.log((1 - rate) / rate) - np.log((1 - share) / share)
    goods_part = (counts - bads) / max((1 - bad).sum(), 1)
    return woe, float(((goods_part - bads / max(bad.sum(), 1)) * woe).sum())


def _regression(matrix: Floats, bad: NDArray[np.int8]) -> tuple[float, Floats]:
    """Logistic regression of the good outcome with weights that can't be negative (L-BFGS-B)."""
    good = 1.0 - bad
    design = np.column_stack([np.ones(len(matrix)), matrix])

    def loss(beta: Floats) -> tuple[float, Floats]:
        risk = design @ beta
        fault = 1 / (1 + np.exp(-risk)) - good
        own = np.logaddexp(0, risk).sum() - (good * risk).sum() + _PENALTY * (beta[1:] ** 2).sum() / 2
        slope = design.T @ fault
        slope[1:] += _PENALTY * beta[1:]
        return float(own), slope

    start = np.full(design.shape[1], 0.5)
    start[0] = np.log(good.mean() / (1 - good.mean()))
    bounds = [(None, None), *[(0, None)] * matrix.shape[1]]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    return float(found.x[0]), np.asarray(found.x[1:])
