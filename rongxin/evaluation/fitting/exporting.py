"""From step functions to a card: centred, kept to their directions, thinned, in whole points."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rongxin.evaluation.fitting import shapes
from rongxin.evaluation.fitting.card import Bin, Card, Column, Scale, Target
from rongxin.evaluation.fitting.columns import CATEGORY, DATE
from rongxin.evaluation.fitting.sample import Sample
from rongxin.evaluation.fitting.shapes import Floats, Shape, Table

_BINS_MAX = 32


def export(
    sample: Sample,
    rows: NDArray[np.intp],
    intercept: float,
    table: Table,
    *,
    target: str,
    id: str | None,
    method: str,
) -> Card:
    """Return the card, not yet sealed, of a table fitted on these rows."""
    cells, bad = sample.part(rows), sample.bad[rows]
    centred: Table = {}
    for name, shape in table.items():
        direction = sample.directions.get(name, 0)
        centred[name] = _centred(shape, cells[name], direction)
    scale = Scale(base=0)
    ranked = {name: _whole(shape, cells[name], scale.factor) for name, shape in centred.items()}
    ranked = {name: shape for name, shape in ranked.items() if np.any(shape.values) or shape.missing}
    points = shapes.total(ranked, cells, len(rows))
    base = round(scale.offset + scale.factor * _level(points / scale.factor, bad, intercept))
    return Card(
        target=Target(column=target, **sample.words),
        method=method,
        id=id,
        scale=Scale(base=base),
        columns=tuple(_column(sample, name, ranked[name], cells[name], bad) for name in ranked),
        left_out=sample.left_out,
        notes=tuple(sample.notes),
    )


def probability(scale: Scale, scores: NDArray[Any]) -> Floats:
    """The foretold probability of the bad event at a score."""
    return np.asarray(1 / (1 + np.exp(np.clip((scores - scale.offset) / scale.factor, -500, 500))))


def _centred(shape: Shape, cells: Floats, direction: int) -> Shape:
    counts, gone = shapes.counted(shape, cells)
    if direction and not shape.is_category:
        shape = shapes.monotone(shape, counts, direction)
    present = int(counts.sum())
    missing = shape.missing if gone else 0.0
    mean = ((shape.values * counts).sum() + missing * gone) / max(present + gone, 1)
    seen = np.where(counts > 0, shape.values - mean, 0.0) if shape.is_category else shape.values - mean
    return replace(shape, values=seen, missing=missing - mean if gone else 0.0)


def _whole(shape: Shape, cells: Floats, factor: float) -> Shape:
    """Whole points; neighbours that come to the same are one bin."""
    counts, _ = shapes.counted(shape, cells)
    thin = shapes.thinned(replace(shape, values=factor * shape.values), counts, _BINS_MAX)
    values = np.rint(thin.values)
    missing = float(np.rint(factor * shape.missing))
    if shape.is_category:
        return replace(thin, values=values, missing=missing)
    changes = np.flatnonzero(np.diff(values))
    return Shape(thin.edges[changes], values[np.append(changes, len(values) - 1)], missing)


def _level(log_odds: Floats, bad: NDArray[np.int8], start: float) -> float:
    """The intercept at which the foretold share of bad ones is the observed one, by halving."""
    low, high = start - 30, start + 30
    for _ in range(80):
        middle = (low + high) / 2
        if float(np.mean(1 / (1 + np.exp(log_odds + middle)))) > bad.mean():
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _column(sample: Sample, name: str, shape: Shape, cells: Floats, bad: NDArray[np.int8]) -> Column:
    kind = sample.columns[name]
    gone = np.isnan(cells)
    place = (
        cells[~gone].astype(np.intp)
        if shape.is_category
        else np.searchsorted(shape.edges, cells[~gone], "right")
    )
    rows = np.bincount(place, minlength=len(shape.values))
    bads = np.bincount(place, bad[~gone], minlength=len(shape.values)).astype(int)
    made = [
        {"points": int(v), "rows": int(n), "bad": int(b)}
        for v, n, b in zip(shape.values, rows, bads, strict=True)
    ]
    missing = Bin(points=int(shape.missing), rows=int(gone.sum()), bad=int(bad[gone].sum()), reads="missing")
    if kind.kind == CATEGORY:
        words = sample.levels[name]
        bins = tuple(
            Bin(values=(word,), reads=word, **part) for word, part in zip(words, made[:-1], strict=True)
        )
        unknown = Bin(reads="any other", **made[-1])
    else:
        edges = [float(edge) for edge in shape.edges]
        bins = tuple(
            Bin(below=edges[k] if k < len(edges) else None, reads=_reads(edges, k, kind.kind == DATE), **part)
            for k, part in enumerate(made)
        )
        unknown = Bin(points=0, reads="unreadable")
    direction = {1: "+", -1: "-"}.get(sample.directions.get(name, 0), "")
    return Column.model_validate(
        {"name": name, "kind": kind.kind, "form": kind.form, "direction": direction}
        | {"bins": bins, "missing": missing, "unknown": unknown}
    )


def _reads(edges: list[float], k: int, is_date: bool) -> str:
    def word(edge: float) -> str:
        return (
            str(date(1970, 1, 1) + timedelta(days=edge)) if is_date and abs(edge) < 700_000 else f"{edge:.6g}"
        )

    if not edges:
        return "any"
    if k == 0:
        return f"below {word(edges[0])}"
    if k == len(edges):
        return f"{word(edges[-1])} and more"
    return f"{word(edges[k - 1])} to {word(edges[k])}"
