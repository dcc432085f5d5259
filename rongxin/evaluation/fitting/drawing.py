"""From a table to what can be fitted on: target, columns that may speak, a word on each that may not.

Nothing is dropped without being named, and no row either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rongxin.evaluation.fitting import columns, files, leaks, target
from rongxin.evaluation.fitting.card import COLUMNS_MAX, NAME_MAX
from rongxin.evaluation.fitting.columns import CATEGORY, DATE, Column
from rongxin.evaluation.fitting.errors import (
    BadDirections,
    TargetNotBinary,
    TooLittleData,
    TooManyColumns,
    UnknownColumn,
)
from rongxin.evaluation.fitting.sample import Floats, Sample, Wish

BAD_MIN = 10  # of each class; below, no split leaves enough on both sides
_TEXT_SHARE = 0.5  # of distinct values: above, a column of words names the row
_LEVELS_MAX = 200
_LEVEL_ROWS_MIN = 10
_ID_DIGITS_MIN = 7
_FIGURE_MAX = 1e38  # infinity counts as the largest figure: what finds the bins reckons in single precision
_ID_WORDS = ("id", "no", "nr", "number", "code", "编号", "代码", "号", "证号", "uscc", "key")


def draw(path: Path, wish: Wish, *, seed: int = 42) -> Sample:
    """Read the file and return what can be learnt from; raises a `FittingError` that says what to do.

    Of a file that is larger than memory should hold, so many rows are drawn at random, and it is said.
    """
    known = [wish.target, *filter(None, (wish.id, wish.date)), *wish.leave_out, *wish.keep, *wish.directions]
    with files.opened(path) as table:
        _known(known, table.collect_schema().names(), path)
        frame, rows = files.sample(table, path, seed=seed)
    if not frame.height:
        raise TooLittleData(f"{path}: 只有表头没有数据 has a header and no rows; hand in a file with data")
    notes: list[str] = []
    if rows > frame.height:
        notes.append(
            f"文件有 {rows} 行，随机抽用 {frame.height} 行 "
            f"the file has {rows} rows: {frame.height} of them are used, drawn at random (seed {seed})"
        )
    try:
        outcome = target.read(frame[wish.target], bad=wish.bad, good=wish.good)
    except TargetNotBinary as error:
        raise TargetNotBinary(f"{path}: {error}") from error
    if outcome.missing.any():
        lacking = int(outcome.missing.sum())
        notes.append(f"{lacking} 行没有{wish.target}，未用 {lacking} rows without {wish.target} are left out")
        frame = frame.filter(pl.Series(~outcome.missing))
    bad = outcome.bad[~outcome.missing]
    _enough(bad, wish.target, path)
    sample = Sample(
        bad, {}, {}, {}, None, None, outcome.words, notes, {}, _digest(path), dict(wish.directions)
    )
    _about_rows(frame, wish, sample)
    for name in wish.leave_out:
        sample.left_out[name] = "按要求不用 asked to be left out"
    for name in frame.columns:
        if name not in (wish.target, wish.id, wish.date, *wish.leave_out):
            _admit(frame[name], sample, keep=name in wish.keep)
    leaks.shut(sample, keep=wish.keep, aside={name: frame[name] for name in wish.leave_out})
    if not sample.cells:
        left_out = "; ".join(f"{name} ({why})" for name, why in sample.left_out.items())
        raise TooLittleData(
            f"{path}: 没有可用的列，请补上有信息的列 no column is left to fit on, add some that say "
            f"something; left out: {left_out or 'none: there is the target alone'}"
        )
    if len(sample.cells) > COLUMNS_MAX:
        raise TooManyColumns(
            f"{path}: 可用的列有 {len(sample.cells)}，一张卡至多 {COLUMNS_MAX}，请减少 "
            f"{len(sample.cells)} columns could be used and a card holds {COLUMNS_MAX}; take some out"
        )
    for name in set(wish.directions) - set(sample.cells):
        sample.notes.append(
            f"{name} 未用，其方向不起作用 direction of {name} isn't used: the column is left out"
        )
    for name, kept in sample.columns.items():
        if name in wish.directions and kept.kind == CATEGORY:
            raise BadDirections(
                f"{name} 是文字列，没有方向，请去掉 "
                f"{name} holds words, which have no direction; take its direction out"
            )
    return sample


def _known(names: Iterable[str], there: Sequence[str], path: Path) -> None:
    for name in names:
        if name not in there:
            listed = ", ".join(there[:40]) + (" …" if len(there) > 40 else "")
            raise UnknownColumn(f"{path}: 没有这一列 no column {name!r}; there are: {listed}")


def _enough(bad: NDArray[np.int8], name: str, path: Path) -> None:
    bads, goods = int(bad.sum()), int(len(bad) - bad.sum())
    if min(bads, goods) < BAD_MIN:
        raise TooLittleData(
            f"{path}: {name} 坏 {bads} 行、好 {goods} 行，各须至少 {BAD_MIN} 行 "
            f"{bads} bad and {goods} good rows; at least {BAD_MIN} of each are needed"
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _about_rows(frame: pl.DataFrame, wish: Wish, sample: Sample) -> None:
    if wish.id is not None:
        ids = frame[wish.id].cast(pl.String)
        ranked = ids.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
        repeated = len(ids) - ids.n_unique()
        if repeated:
            example = ids.filter(ids.is_duplicated()).drop_nulls().head(1).to_list()
            sample.notes.append(
                f"{wish.id}：{repeated} 行编号重复，同一编号的行总在一边 "
                f"{repeated} rows repeat an id ({example[0] if example else 'a missing one'}, …); "
                "rows of one id stay on one side of every split"
            )
            sample.groups = ranked
    if wish.date is not None:
        column = columns.infer(frame[wish.date])
        if column is None or column.kind == CATEGORY:
            example = frame[wish.date].drop_nulls().head(1).to_list()
            raise UnknownColumn(
                f"{wish.date} 不是可排先后的日期，请写成 2026-01-31 "
                f"{wish.date} holds no dates or periods that could be put in order"
                f"{f' (such as {example[0]!r})' if example else ''}; write them like 2026-01-31"
            )
        values, unreadable = columns.numbers(frame[wish.date], column)
        if unreadable is not None:
            sample.notes.append(
                f"{wish.date}：{int(unreadable.sum())} 格不是日期 {int(unreadable.sum())} cells are no date "
                f"({frame[wish.date].filter(unreadable)[0]!r}, …)"
            )
        if values.null_count() == len(values) or values.n_unique() < 2:
            raise UnknownColumn(
                f"{wish.date} 只有一个日期，无法按时间留出 "
                f"{wish.date} has one date only, so nothing can be held back by time"
            )
        if values.null_count():
            sample.notes.append(
                f"{wish.date}：{values.null_count()} 行没有日期，按最早计 "
                f"{values.null_count()} rows without a date count as the earliest"
            )
        sample.dates = values.fill_null(values.min()).to_numpy()


def _admit(cells: pl.Series, sample: Sample, *, keep: bool) -> None:
    """Take a column in, or say why not."""
    if len(cells.name) > NAME_MAX:
        sample.left_out[f"{cells.name[:40]}…"] = (
            f"列名超过{NAME_MAX}字 its name has over {NAME_MAX} characters"
        )
        return
    column = columns.infer(cells)
    if column is None:
        sample.left_out[cells.name] = f"内容无法分档 holds {cells.dtype}, which can't be put into bins"
        return
    reason = (
        _words(cells, column, sample, keep)
        if column.kind == CATEGORY
        else _figures(cells, column, sample, keep)
    )
    if reason:
        sample.left_out[cells.name] = reason
    else:
        sample.columns[cells.name] = column


def _figures(cells: pl.Series, column: Column, sample: Sample, keep: bool) -> str | None:
    values, unreadable = columns.numbers(cells, column)
    if unreadable is not None:
        example = cells.filter(unreadable)[0]
        named, what = ("日期", "date") if column.kind == DATE else ("数字", "number")
        count = int(unreadable.sum())
        sample.notes.append(
            f"{cells.name}：{count} 格不是{named}，按缺失计 "
            f"{count} cells are no {what} ({example!r}, …) and count as missing"
        )
    present = values.drop_nulls()
    distinct = present.n_unique()
    if not distinct:
        return "全部缺失 all missing"
    if distinct == 1 and not values.null_count():
        return f"恒为同值 constant: always {present[0]:g}"
    if not keep and column.kind != DATE and _is_id(cells.name, present, distinct):
        return "像编号 names the row: (nearly) every value stands once, in the manner of an id"
    sample.cells[cells.name] = np.clip(values.to_numpy().astype(np.float64), -_FIGURE_MAX, _FIGURE_MAX)
    return None


def _is_id(name: str, present: pl.Series, distinct: int) -> bool:
    if distinct < 0.98 * len(present) or len(present) < 50 or not (present == present.round()).all():
        return False
    low, high = float(present.min()), float(present.max())  # type: ignore[arg-type]
    is_series = high - low < 1.5 * len(present)
    bare = name.lower()
    is_named = bare in _ID_WORDS or any(
        word in bare for word in _ID_WORDS if len(word) > 3 or not word.isascii()
    )
    is_named = (
        is_named
        or bare.replace("-", "_").split("_")[-1] in _ID_WORDS
        or name.endswith(("ID", "Id", "No", "Nr"))
    )
    is_long = low >= 10 ** (_ID_DIGITS_MIN - 1) and len(str(int(low))) >= len(str(int(high))) - 1
    return is_series or is_named or is_long


def _words(cells: pl.Series, column: Column, sample: Sample, keep: bool) -> str | None:
    text = columns.tidy(cells)
    present = text.drop_nulls()
    if columns.has_decimal_commas(text):
        return f"小数以逗号写成，请改为小数点 decimals after a comma, write a point: {present[0]!r}"
    if columns.mixes_percentages(text):
        return "有的带百分号、有的不带，请统一写法 some cells with %, some without: write all one way"
    counts = present.value_counts(sort=True)
    if not len(counts):
        return "全部缺失 all missing"
    if len(counts) == 1 and len(present) == len(text):
        return f"恒为同值 constant: always {present[0]!r}"
    if not keep and len(counts) > max(20, _TEXT_SHARE * len(present)):
        return f"像名称 names the row: {len(counts)} different texts in {len(present)} rows"
    least = max(_LEVEL_ROWS_MIN, int(0.002 * len(present)))
    ranked = counts.sort(["count", cells.name], descending=[True, False])
    frequent = ranked.filter(pl.col("count") >= least).head(_LEVELS_MAX)[cells.name].to_list()
    if not frequent:
        return f"每种取值都不足 {least} 行 none of its {len(counts)} values stands in {least} rows"
    sample.levels[cells.name] = frequent
    sample.cells[cells.name] = coded(text, frequent)
    return None


def coded(text: pl.Series, levels: list[str]) -> Floats:
    """Numbers for words: a level's place, the number of levels for any other, NaN for missing."""
    places = {level: float(place) for place, level in enumerate(levels)}
    values = text.replace_strict(places, default=float(len(levels)), return_dtype=pl.Float64)
    return values.set(text.is_null(), None).to_numpy().astype(np.float64)
