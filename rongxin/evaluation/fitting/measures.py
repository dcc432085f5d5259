"""How well a score ranks, and how well it says what will happen: AUC, KS, Brier, calibration, PSI, intervals.

`bad` is 1 for the bad event; `risk` is higher where the bad event is likelier. Definitions as in Siddiqi,
*Credit Risk Scorecards* (PSI, KS) and DeLong et al. 1988 (AUC as Mann-Whitney).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_EMPTY_SHARE = 1e-4  # stands in for an empty bin of PSI, whose logarithm would be infinite


def auc(bad: NDArray[Any], risk: NDArray[Any], weights: NDArray[Any] | None = None) -> float:
    """The chance that a bad one has more risk than a good one, ties counted half."""
    weights = np.ones(len(bad)) if weights is None else weights
    _, place = np.unique(risk, return_inverse=True)
    bads = np.bincount(place, weights * bad)
    goods = np.bincount(place, weights * (1 - bad), minlength=len(bads))
    below = np.cumsum(goods) - goods / 2
    total = bads.sum() * goods.sum()
    return float((bads * below).sum() / total) if total else float("nan")


def ks(bad: NDArray[Any], risk: NDArray[Any]) -> float:
    """The widest distance between the shares of bad and of good ones at or below a risk."""
    _, place = np.unique(risk, return_inverse=True)
    bads, counts = np.bincount(place, bad), np.bincount(place)
    goods = counts - bads
    if not bads.sum() or not goods.sum():
        return float("nan")
    return float(np.abs(np.cumsum(bads) / bads.sum() - np.cumsum(goods) / goods.sum()).max())


def brier(bad: NDArray[Any], probability: Floats) -> float:
    return float(np.mean((probability - bad) ** 2))


def psi(before: NDArray[Any], after: NDArray[Any]) -> float:
    """Population stability index of two tables of counts over the same bins."""
    was, now = (np.maximum(counts / max(counts.sum(), 1), _EMPTY_SHARE) for counts in (before, after))
    return float(((now - was) * np.log(now / was)).sum())


def psi_of_scores(before: NDArray[Any], after: NDArray[Any], parts: int = 10) -> float:
    """PSI over deciles of the first set."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, parts + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, s, side="right"), minlength=len(edges) + 1)
        for s in (before, after)
    ]
    return psi(*counts)


def calibration(bad: NDArray[Any], probability: Floats, parts: int = 10) -> list[dict[str, float]]:
    """Foretold and observed share of bad ones by tenths of the foretold one."""
    order = np.argsort(probability, kind="stable")
    return [
        {
            "rows": len(rows),
            "foretold": round(float(probability[rows].mean()), 6),
            "observed": round(float(bad[rows].mean()), 6),
        }
        for rows in np.array_split(order, min(parts, len(order)))
        if len(rows)
    ]


def interval(
    bad: NDArray[Any], measure: Callable[[NDArray[np.intp]], float], *, rounds: int, seed: int
) -> tuple[float, float]:
    """The middle 95 % of a measure over bootstrap samples, drawn within each class."""
    draw = np.random.default_rng(seed)
    classes = [np.flatnonzero(bad == value) for value in (0, 1)]
    found = [
        measure(np.concatenate([draw.choice(rows, len(rows)) for rows in classes])) for _ in range(rounds)
    ]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)
