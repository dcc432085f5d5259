"""Additive boosting (explainable boosting machine, no interactions), and boosted trees as the yardstick."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from interpret.glassbox import ExplainableBoostingClassifier
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from rongxin.evaluation.fitting.shapes import Floats, Shape, Table

_LARGE_ROWS = 30_000


def fit(
    cells: dict[str, Floats],
    bad: NDArray[np.int8],
    levels: dict[str, list[str]],
    directions: dict[str, int],
    *,
    bags: int,
    seed: int,
) -> tuple[float, Table]:
    """Return intercept and table in log-odds of the good outcome."""
    names = list(cells)
    matrix, kinds = _matrix(cells, levels)
    few = bad.sum() < 200
    machine = ExplainableBoostingClassifier(
        feature_names=names,
        feature_types=kinds,
        interactions=0,
        outer_bags=bags,
        max_bins=256 if len(bad) < _LARGE_ROWS else 512,
        learning_rate=0.03 if len(bad) < _LARGE_ROWS else 0.06,
        min_samples_leaf=8 if few else 4,
        validation_size=0.2 if few else 0.15,
        monotone_constraints=[-directions.get(name, 0) for name in names],
        random_state=seed,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        machine.fit(matrix, bad)
    table = {}
    for place, name in enumerate(names):
        scores = -np.asarray(machine.term_scores_[place])
        bins = machine.bins_[place][0]
        table[name] = _levels(scores, bins, len(levels[name])) if name in levels else _steps(scores, bins)
    return -float(np.ravel(machine.intercept_)[0]), table


def _matrix(cells: dict[str, Floats], levels: dict[str, list[str]]) -> tuple[NDArray[Any], list[str]]:
    kinds = ["nominal" if name in levels else "continuous" for name in cells]
    if not levels:
        return np.column_stack(list(cells.values())), kinds
    matrix = np.empty((len(next(iter(cells.values()))), len(cells)), dtype=object)
    for place, (name, values) in enumerate(cells.items()):
        if name in levels:
            words = np.array([*(str(n) for n in range(len(levels[name]) + 1)), None], dtype=object)
            matrix[:, place] = words[np.where(np.isnan(values), len(words) - 1, values).astype(int)]
        else:
            matrix[:, place] = values
    return matrix, kinds


def _steps(scores: Floats, cuts: Any) -> Shape:
    """The machine's bins: 0 is missing, the last is unknown, between them the intervals."""
    return Shape(np.asarray(cuts, dtype=np.float64), scores[1:-1], float(scores[0]))


def _levels(scores: Floats, places: dict[str, int], count: int) -> Shape:
    values = np.array(
        [scores[places[str(level)]] if str(level) in places else 0.0 for level in range(count + 1)]
    )
    return Shape(np.array([]), values, float(scores[0]), is_category=True)


def yardstick(
    cells: dict[str, Floats], bad: NDArray[np.int8], levels: dict[str, list[str]], *, seed: int
) -> Any:
    """Fit boosted trees with all interactions; nobody is scored with them."""
    trees = HistGradientBoostingClassifier(
        random_state=seed,
        learning_rate=0.06 if len(bad) < _LARGE_ROWS else 0.1,
        max_iter=200,
        categorical_features=[name in levels for name in cells] if levels else None,
    )
    return trees.fit(np.column_stack(list(cells.values())), bad)


def foretold(trees: Any, cells: dict[str, Floats]) -> Floats:
    """The yardstick's probability of the bad event."""
    return np.asarray(trees.predict_proba(np.column_stack(list(cells.values())))[:, 1], dtype=np.float64)
