"""An institution's own card applied to one subject: its score and why, never its inputs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from rongxin.evaluation import card_inputs
from rongxin.evaluation.card_inputs import Input, Seen
from rongxin.evaluation.fitting import scoring
from rongxin.evaluation.fitting.card import Card, Column
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.measuring import Subject

LOST, LACKS, WON = 4, 3, 2
_TYPES = {"number": pl.Float64, "date": pl.Date, "category": pl.String}


@dataclass(frozen=True)
class CardScore:
    """`score` is None where nothing that the card asks is known; reasons are names of columns."""

    score: int | None
    observed: int
    columns: int
    lost: tuple[Input, ...]
    lacks: tuple[Input, ...]
    won: tuple[Input, ...]


def score(
    card: Card, seen: Mapping[str, Seen], subject: Subject, spec: Specification, *, as_of: date
) -> CardScore:
    """Return what a card says of a subject, from what may be seen of it alone."""
    inputs = {column.name: _input(column) for column in card.columns}
    values = {name: card_inputs.tell(one, seen, subject, spec, as_of=as_of) for name, one in inputs.items()}
    known = {column.name: column for column in card.columns if values[column.name] is not None}
    row = pl.DataFrame([_cell(column, values[name]) for name, column in known.items()])
    points = {name: int(own[0]) for name, own in scoring.points(row, card).items()} if known else {}
    total = card.scale.base + sum(points.values())
    behind = {name: _best(column) - points[name] for name, column in known.items()}
    ahead = {name: points[name] - _least(column) for name, column in known.items()}
    lacks = {c.name: _best(c) - _least(c) for c in card.columns if c.name not in known}
    return CardScore(
        score=total if known else None,
        observed=len(known),
        columns=len(card.columns),
        lost=_first(behind, inputs, LOST),
        lacks=_first(lacks, inputs, LACKS),
        won=_first({name: size for name, size in ahead.items() if not behind[name]}, inputs, WON),
    )


def _input(column: Column) -> Input:
    found = card_inputs.of_column(column.name)
    assert found is not None  # looked at when the card was taken
    return found


def _cell(column: Column, value: Any) -> pl.Series:
    shown: Any = str(value) if column.kind == "category" else value
    return pl.Series(column.name, [float(shown) if column.kind == "number" else shown], _TYPES[column.kind])


def _best(column: Column) -> int:
    return max(part.points for part in column.bins)


def _least(column: Column) -> int:
    return min(part.points for part in column.bins)


def _first(sizes: Mapping[str, int], inputs: Mapping[str, Input], most: int) -> tuple[Input, ...]:
    named = sorted((name for name, size in sizes.items() if size > 0), key=lambda name: (-sizes[name], name))
    return tuple(inputs[name] for name in named[:most])
