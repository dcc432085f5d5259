"""Apply a card to any number of rows: whole points, vectorised, in pieces, in the order of the file."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rongxin.evaluation.fitting import columns, files, writing
from rongxin.evaluation.fitting.card import Card, Column
from rongxin.evaluation.fitting.errors import UnknownColumn, UnreadableData
from rongxin.evaluation.fitting.looking_up import Bins

_WRITERS = (".csv", ".parquet")
_COMPARED_MAX = 8  # words looked for one by one, which is quicker than the look-up that takes any number


@dataclass
class Tally:
    """What was seen while scoring: rows, and per column how many values were unknown, with one of them."""

    rows: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    present: set[str] = field(default_factory=set)

    def empty(self, card: Card) -> list[str]:
        """The columns of the card that are there and say nothing in any row."""
        names = (column.name for column in card.columns if column.name not in self.absent)
        return [name for name in names if self.rows and name not in self.present]


def score(path: Path, card: Card, out: Path, *, id: str | None, absent_as_missing: bool = False) -> Tally:
    """Write `id` (where there is one) and `score` for each row, higher = better; raises a `FittingError`."""
    if out.suffix.lower() not in _WRITERS:
        raise UnreadableData(f"{out}: 分数只写成 .csv 或 .parquet scores are written as .csv or .parquet")
    if out.exists() and path.exists() and out.samefile(path):
        raise UnreadableData(f"{out}: 就是数据文件本身，请换一个 is the data itself; name another file")
    try:
        return _scored(path, card, out, id, absent_as_missing, _figures(card, id))
    except _NotPlain:
        return _scored(path, card, out, id, absent_as_missing, frozenset())


class _NotPlain(Exception):
    """A column isn't of plain figures to its end; as text, each of its cells is read with care."""


def _figures(card: Card, id: str | None) -> frozenset[str]:
    """The columns to read as figures at once; what is carried into the scores stays as it is written."""
    figures = frozenset(c.name for c in card.columns if (c.kind, c.form) == (columns.NUMBER, ""))
    return figures - {id or card.id}


def _scored(
    path: Path, card: Card, out: Path, id: str | None, absent_as_missing: bool, figures: frozenset[str]
) -> Tally:
    with files.opened(path, figures=figures) as table:
        names = table.collect_schema().names()
        carried = _carried(id, card, names, path)
        absent = tuple(column.name for column in card.columns if column.name not in names)
        if absent and not absent_as_missing:
            raise UnknownColumn(
                f"{path}: 缺少评分卡所需的列 the card needs "
                f"{', '.join(absent[:20])}, which the file lacks; add "
                f"{'them' if len(absent) > 1 else 'it'}, or score as missing by --absent-as-missing"
            )
        tally = Tally(absent=absent)
        present = [column.name for column in card.columns if column.name in names]
        scored = _expression(card, present, table, tally).alias("score")
        wanted = [pl.col(carried)] if carried and carried != "score" else []
        if carried == "score":
            wanted = [pl.col("score").alias("id")]
        try:
            _sink(table.select(*wanted, scored), out)
        except (pl.exceptions.PolarsError, OSError) as error:
            failure = files.failure(path, error)
            if (
                figures
                and isinstance(error, pl.exceptions.PolarsError)
                and isinstance(failure, UnreadableData)
            ):
                raise _NotPlain from error
            raise failure from error
        return tally


def scores(frame: pl.DataFrame, card: Card, tally: Tally | None = None) -> NDArray[np.int32]:
    """The score of each row of a table in memory, as `score` would write it."""
    total = np.full(frame.height, card.scale.base, dtype=np.int32)
    for own in points(frame, card, tally).values():
        total += own
    return total


def points(frame: pl.DataFrame, card: Card, tally: Tally | None = None) -> dict[str, NDArray[np.int32]]:
    """What each column of the card adds to the score of each row; an absent one counts as missing."""
    tally = tally or Tally()
    return {
        column.name: _pointer(column, tally)(frame[column.name])
        if column.name in frame.columns
        else np.full(frame.height, column.missing.points, dtype=np.int32)
        for column in card.columns
    }


def _carried(id: str | None, card: Card, names: list[str], path: Path) -> str | None:
    if id is not None and id not in names:
        raise UnknownColumn(
            f"{path}: 没有这一列 no column {id!r} to carry as id; there are: {', '.join(names)}"
        )
    return id or (card.id if card.id in names else None)


def _expression(card: Card, present: list[str], table: pl.LazyFrame, tally: Tally) -> pl.Expr:
    lock = threading.Lock()
    pointers = {column.name: _pointer(column, tally) for column in card.columns if column.name in present}
    fixed = card.scale.base + sum(c.missing.points for c in card.columns if c.name not in present)

    def add(rows: pl.Series) -> pl.Series:
        total = np.full(len(rows), fixed, dtype=np.int32)
        for name, pointer in pointers.items():
            total += pointer(rows.struct.field(name))
        with lock:
            tally.rows += len(rows)
        return pl.Series(total)

    # A card whose columns are all absent still scores each row: any column says how many there are.
    read = present or table.collect_schema().names()[:1]
    return pl.struct(read).map_batches(add, return_dtype=pl.Int32, is_elementwise=True)


def _pointer(column: Column, tally: Tally) -> Callable[[pl.Series], NDArray[np.int32]]:
    return _of_words(column, tally) if column.kind == columns.CATEGORY else _of_figures(column, tally)


def _of_figures(column: Column, tally: Tally) -> Callable[[pl.Series], NDArray[np.int32]]:
    points = np.array([part.points for part in column.bins], dtype=np.int32)
    bins = Bins(np.array(column.edges, dtype=np.float64), points, column.missing.points)
    kind = columns.Column(column.name, column.kind, column.form)

    def find(cells: pl.Series) -> NDArray[np.int32]:
        if cells.dtype == pl.Float64 and column.form != columns.PERCENT:
            if column.name not in tally.present:
                _note(column, cells.fill_nan(None), tally)
            return bins.at(cells.to_numpy())
        if cells.dtype.is_nested() or cells.dtype in (pl.Binary, pl.Time, pl.Duration):
            return _unknown(column, cells, np.ones(len(cells), dtype=bool), tally)
        values, unreadable = columns.numbers(cells, kind)
        _note(column, values, tally)
        found = bins.at(values.to_numpy())
        if unreadable is not None:
            which = unreadable.to_numpy()
            _unknown(column, cells, which, tally)
            found[which] = column.unknown.points
        return found

    return find


def _of_words(column: Column, tally: Tally) -> Callable[[pl.Series], NDArray[np.int32]]:
    points = {word: part.points for part in column.bins for word in part.values or ()}
    known = list(points)
    words = pl.Series(known, dtype=pl.String)
    tidy = words.filter(words.eq_missing(columns.tidy(words))).to_list()

    def find(cells: pl.Series) -> NDArray[np.int32]:
        text = cells.cast(pl.String)
        found, is_found = np.zeros(len(text), dtype=np.int32), np.zeros(len(text), dtype=np.bool_)
        for word in tidy[:_COMPARED_MAX]:
            same = text.eq_missing(word).to_numpy()
            found += same * np.int32(points[word])
            is_found |= same
        if is_found.any():
            tally.present.add(column.name)
        if not is_found.all():
            found[~is_found] = with_care(cells.filter(pl.Series(~is_found)))
        return found

    def with_care(cells: pl.Series) -> NDArray[np.int32]:
        text = columns.tidy(cells)
        _note(column, text, tally)
        found = text.replace_strict(points, default=column.unknown.points, return_dtype=pl.Int32)
        strange = text.is_not_null() & ~text.is_in(known)
        if strange.any():
            _unknown(column, cells, strange.to_numpy(), tally)
        if text.null_count():
            found = found.set(text.is_null(), column.missing.points)
        return found.to_numpy()

    return find


def _note(column: Column, values: pl.Series, tally: Tally) -> None:
    """Note that the column isn't empty where it says something."""
    if values.null_count() < len(values):
        tally.present.add(column.name)


def _unknown(column: Column, cells: pl.Series, which: NDArray[np.bool_], tally: Tally) -> NDArray[np.int32]:
    tally.present.add(column.name)
    tally.unknown[column.name] += int(which.sum())
    tally.examples.setdefault(column.name, str(cells.filter(pl.Series(which))[0]))
    return np.full(len(cells), column.unknown.points, dtype=np.int32)


def _sink(table: pl.LazyFrame, out: Path) -> None:
    with writing.whole(out) as made:
        if out.suffix.lower() == ".csv":
            table.sink_csv(made, engine="streaming")
        else:
            table.sink_parquet(made, engine="streaming")
