"""Fit a card: three additive tables compete by cross-validation, boosted trees stand beside.

The figures come from rows held back before anything was chosen (the last quarter by date where there is one,
30 % at random otherwise). The card itself is then fitted by the same recipe on all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rongxin.evaluation.fitting import boosting, exporting, measures, shapes, woe
from rongxin.evaluation.fitting import card as cards
from rongxin.evaluation.fitting.card import Card
from rongxin.evaluation.fitting.drawing import BAD_MIN, draw
from rongxin.evaluation.fitting.errors import TooLittleData
from rongxin.evaluation.fitting.sample import Sample, Wish
from rongxin.evaluation.fitting.shapes import Floats, Table

METHODS: Final = ("woe", "boosted", "blend")
LABELS: Final = {
    "woe": "weight of evidence and logistic regression",
    "boosted": "additive boosting without interactions",
    "blend": "half weight of evidence, half additive boosting",
}
_HELD_SHARE, _LATE_SHARE = 0.3, 0.25
_FOLDS, _FOLDS_LARGE, _LARGE_ROWS = 4, 2, 50_000
_ROUNDS = 200
_MARGIN = 0.001  # a simpler method wins unless another is better by more

Rows = NDArray[np.intp]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Fitted:
    card: Card
    report: dict[str, Any]


def fit(path: Path, wish: Wish, *, seed: int, say: Say) -> Fitted:
    """Return the card fitted on a file and the report on it; raises a `FittingError`."""
    with threadpool_limits(1):  # the same sums in the same order, and no processor time lost in waiting
        return _fit(path, wish, seed, say)


def _fit(path: Path, wish: Wish, seed: int, say: Say) -> Fitted:
    sample = draw(path, wish, seed=seed)
    early, late, how = _held_back(sample, seed)
    say(f"{sample.rows} rows, {int(sample.bad.sum())} bad, {len(sample.cells)} columns; {how}")
    chosen, by_validation = _chosen(sample, early, seed, say)
    say(f"chosen: {LABELS[chosen]}; measuring on {len(late)} rows held back")
    tables = _tables(sample, early, METHODS, seed)
    tried = exporting.export(
        sample, early, *tables[chosen], target=wish.target, id=wish.id, method=LABELS[chosen]
    )
    trees = boosting.yardstick(sample.part(early), sample.bad[early], sample.levels, seed=seed)
    report = _measured(sample, early, late, tried, tables, boosting.foretold(trees, sample.part(late)), seed)
    say("fitting the card on all rows")
    everything = np.arange(sample.rows)
    final = exporting.export(
        sample,
        everything,
        *_tables(sample, everything, (chosen,), seed)[chosen],
        target=wish.target,
        id=wish.id,
        method=LABELS[chosen],
    )
    report |= {"held_back": how, "chosen": chosen, "cross_validation": by_validation, "seed": seed}
    made_from = {
        "file_sha256": sample.digest,
        "rows": sample.rows,
        "bad": int(sample.bad.sum()),
        "seed": seed,
    }
    measured = {
        key: report[key] for key in ("held_back", "chosen", "cross_validation", "auc", "ks", "brier", "gap")
    }
    finished = final.model_copy(
        update={"made_from": made_from, "measured": measured | {"psi": report["psi"]}}
    )
    report |= {"left_out": sample.left_out, "notes": list(sample.notes), "columns": list(sample.cells)}
    return Fitted(cards.seal(finished), report)


def _held_back(sample: Sample, seed: int) -> tuple[Rows, Rows, str]:
    if sample.dates is not None:
        cut = float(np.quantile(sample.dates, 1 - _LATE_SHARE, method="lower"))
        late = sample.dates > cut
        if not late.any():
            late = sample.dates >= cut
        bads = (int(sample.bad[late].sum()), int(sample.bad[~late].sum()))
        goods = (int((~late).sum()) - bads[1], int(late.sum()) - bads[0])
        if min(*bads, *goods) >= BAD_MIN // 2:
            return (
                np.flatnonzero(~late),
                np.flatnonzero(late),
                f"按时间留出最后 {late.sum()} 行 out of time: the last {late.sum()} rows by date",
            )
        sample.notes.append(
            "按日期最后四分之一的坏样本或好样本太少，改为随机留出 "
            "the last quarter by date has too few bad or good rows; rows are held back at random"
        )
    parts = _parts(sample, np.arange(sample.rows), round(1 / _HELD_SHARE * 3), seed)
    held = np.isin(parts, (0, 1, 2))
    return (
        np.flatnonzero(~held),
        np.flatnonzero(held),
        f"随机留出 {held.sum()} 行，好坏同比例，种子 {seed} "
        f"at random: {held.sum()} rows, each class alike, seed {seed}",
    )


def _parts(sample: Sample, rows: Rows, count: int, seed: int) -> Rows:
    """A part for each row: classes alike in all, rows of one id in one."""
    order = np.random.default_rng(seed).permutation(len(rows))
    parts = np.empty(len(rows), dtype=np.intp)
    ranked = order[np.argsort(sample.bad[rows][order], kind="stable")]
    parts[ranked] = np.arange(len(rows)) % count
    if sample.groups is not None:
        _, first, place = np.unique(sample.groups[rows], return_index=True, return_inverse=True)
        parts = parts[first][place]
    return parts


def _tables(
    sample: Sample, rows: Rows, methods: tuple[str, ...], seed: int
) -> dict[str, tuple[float, Table]]:
    cells, bad = sample.part(rows), sample.bad[rows]
    made: dict[str, tuple[float, Table]] = {}
    if {"woe", "blend"} & set(methods):
        made["woe"] = woe.fit(cells, bad, sample.levels, sample.directions)
    if {"boosted", "blend"} & set(methods):
        bags = 3 if len(rows) > _LARGE_ROWS else 4 if bad.sum() >= 200 else 8
        made["boosted"] = boosting.fit(cells, bad, sample.levels, sample.directions, bags=bags, seed=seed)
    if "blend" in methods:
        (one, first), (two, second) = made["woe"], made["boosted"]
        made["blend"] = ((one + two) / 2, shapes.blend(first, second, 0.5))
    return made


def _chosen(sample: Sample, rows: Rows, seed: int, say: Say) -> tuple[str, dict[str, float]]:
    """The best method by cross-validated AUC; one that is simpler wins a tie."""
    folds = _FOLDS_LARGE if len(rows) > _LARGE_ROWS else _FOLDS
    parts = _parts(sample, rows, folds, seed + 1)
    aucs: dict[str, list[float]] = {method: [] for method in METHODS}
    for n, (inner, outer) in enumerate(_folds(rows, parts, folds), start=1):
        if min(sample.bad[inner].sum(), (1 - sample.bad[inner]).sum()) < 2:
            raise TooLittleData(
                "坏样本的编号太少，无法交叉验证，请补充数据 "
                "too few different ids among the bad rows to cross-validate; hand in more rows"
            )
        for method, (_, table) in _tables(sample, inner, METHODS, seed).items():
            risk = -shapes.total(table, sample.part(outer), len(outer))
            aucs[method].append(measures.auc(sample.bad[outer], risk))
        say(f"cross-validation {n}/{folds}: " + ", ".join(f"{m} {v[-1]:.4f}" for m, v in aucs.items()))
    means = {method: round(float(np.nanmean(found)), 6) for method, found in aucs.items()}
    best = max(means.values())
    return next(method for method in METHODS if means[method] >= best - _MARGIN), means


def _folds(rows: Rows, parts: Rows, count: int) -> Iterator[tuple[Rows, Rows]]:
    for fold in range(count):
        yield rows[parts != fold], rows[parts == fold]


def _measured(
    sample: Sample,
    early: Rows,
    late: Rows,
    card: Card,
    tables: dict[str, tuple[float, Table]],
    tree_risk: Floats,
    seed: int,
) -> dict[str, Any]:
    bad = sample.bad[late]
    scores, before = (_scores(sample, rows, card) for rows in (late, early))
    chance = exporting.probability(card.scale, scores)

    def by_score(rows: Rows) -> float:
        return measures.auc(bad[rows], -scores[rows])

    def behind(rows: Rows) -> float:
        return measures.auc(bad[rows], tree_risk[rows]) - by_score(rows)

    everything = np.arange(len(late))
    pairs = {
        "auc": (by_score, by_score(everything)),
        "ks": (lambda rows: measures.ks(bad[rows], -scores[rows]), measures.ks(bad, -scores)),
        "brier": (lambda rows: measures.brier(bad[rows], chance[rows]), measures.brier(bad, chance)),
        "gap": (behind, behind(everything)),
    }
    report: dict[str, Any] = {}
    for name, (measure, value) in pairs.items():
        low, high = measures.interval(bad, measure, rounds=_ROUNDS, seed=seed)
        report[name] = {"value": round(value, 6), "from": round(low, 6), "to": round(high, 6)}
    part = sample.part(late)
    others = {
        m: round(measures.auc(bad, -shapes.total(t, part, len(late))), 6) for m, (_, t) in tables.items()
    }
    report["others_auc"] = others | {"trees": round(measures.auc(bad, tree_risk), 6)}
    report["psi"] = round(measures.psi_of_scores(before, scores), 6)
    report["psi_of_columns"] = _drifts(sample, early, late, card)
    report["calibration"] = measures.calibration(bad, chance)
    report["roc"] = {"card": _roc(bad, -scores), "trees": _roc(bad, tree_risk)}
    report["scores"] = _histogram(bad, scores)
    return report


def _scores(sample: Sample, rows: Rows, card: Card) -> NDArray[np.int64]:
    """The card's own whole points, on prepared cells."""
    total = np.full(len(rows), card.scale.base, dtype=np.int64)
    for column in card.columns:
        cells = sample.cells[column.name][rows]
        points = [part.points for part in column.bins]
        if column.kind == "category":
            points.append(column.unknown.points)
            shape = shapes.Shape(np.array([]), np.array(points), column.missing.points, is_category=True)
        else:
            shape = shapes.Shape(np.array(column.edges), np.array(points), column.missing.points)
        total += shape.at(cells).astype(np.int64)
    return total


def _drifts(sample: Sample, early: Rows, late: Rows, card: Card) -> dict[str, float]:
    found = {}
    for column in card.columns:
        is_category = column.kind == "category"
        size = len(column.bins) + is_category
        shape = shapes.Shape(np.array([] if is_category else column.edges), np.zeros(size), 0.0, is_category)
        sides = [np.append(*shapes.counted(shape, sample.cells[column.name][rows])) for rows in (early, late)]
        found[column.name] = round(measures.psi(*sides), 6)
    return found


def _roc(bad: NDArray[np.int8], risk: NDArray[Any], points: int = 100) -> list[list[float]]:
    order = np.argsort(-risk, kind="stable")
    hits, alarms = np.cumsum(bad[order]) / bad.sum(), np.cumsum(1 - bad[order]) / (1 - bad).sum()
    which = np.unique(np.linspace(0, len(order) - 1, points).astype(int))
    return [[0.0, 0.0], *([round(float(alarms[k]), 5), round(float(hits[k]), 5)] for k in which)]


def _histogram(bad: NDArray[np.int8], scores: NDArray[np.int64], bars: int = 30) -> list[dict[str, int]]:
    edges = np.linspace(scores.min(), scores.max() + 1, bars + 1)
    place = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, bars - 1)
    counts, bads = np.bincount(place, minlength=bars), np.bincount(place, bad, minlength=bars)
    return [{"from": int(edges[k]), "rows": int(counts[k]), "bad": int(bads[k])} for k in range(bars)]
