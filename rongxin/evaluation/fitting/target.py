"""The target: two values, and which of them is the bad event: 1 (or yes, true, default…) unless said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rongxin.evaluation.fitting import columns
from rongxin.evaluation.fitting.errors import TargetNotBinary

_BAD_WORDS = frozenset(
    {"1", "true", "yes", "y", "t", "bad", "default", "defaulted", "chgoff", "charged off", "charge off"}
    | {
        "charged-off",
        "late",
        "loss",
        "fraud",
        "bankrupt",
        "bankruptcy",
        "failed",
        "delinquent",
        "overdue",
        "是",
    }
    | {
        "坏",
        "违约",
        "不良",
        "逾期",
        "失信",
        "破产",
        "欺诈",
        "write-off",
        "written off",
        "npl",
        "yes, default",
    }
)
_GOOD_WORDS = frozenset(
    {
        "0",
        "-1",
        "false",
        "no",
        "n",
        "f",
        "good",
        "paid",
        "fully paid",
        "p i f",
        "pif",
        "paid in full",
        "current",
    }
    | {
        "non-default",
        "nondefault",
        "no default",
        "healthy",
        "non-bankrupt",
        "否",
        "好",
        "正常",
        "履约",
        "守信",
        "performing",
    }
)


@dataclass(frozen=True)
class Outcome:
    bad: NDArray[np.int8]
    missing: NDArray[np.bool_]
    words: dict[str, str]


def read(cells: pl.Series, *, bad: str | None, good: str | None) -> Outcome:
    """Return 1 for bad, 0 for good; raises `TargetNotBinary`, with what was found."""
    text = _plain(cells)
    found = text.drop_nulls().unique().sort().to_list()
    if len(found) != 2:
        listed = ", ".join(map(repr, found[:6])) + (" …" if len(found) > 6 else "")
        raise TargetNotBinary(
            f"目标列 {cells.name} 有 {len(found)} 种取值，不是两种；请指定能分出好坏的一列 "
            f"{cells.name} has {len(found)} different values ({listed or 'all missing'}), not two; "
            "hand in a column that tells the good from the bad"
        )
    worse = _bad_of(found, cells.name, bad=bad, good=good)
    better = next(value for value in found if value != worse)
    values = (text == worse).fill_null(value=False).to_numpy().astype(np.int8)
    return Outcome(values, text.is_null().to_numpy(), {"bad": worse, "good": better})


def _plain(cells: pl.Series) -> pl.Series:
    """The values as words, with 1.0 and 1 the same."""
    text = columns.tidy(cells.cast(pl.String))
    figures = text.cast(pl.Float64, strict=False)
    if figures.null_count() == text.null_count():
        whole = figures.fill_nan(None)
        return whole.cast(pl.String).str.strip_suffix(".0").rename(cells.name)
    return text


def _bad_of(found: list[str], name: str, *, bad: str | None, good: str | None) -> str:
    for said, is_bad in ((bad, True), (good, False)):
        if said is not None:
            if said.strip() not in found:
                raise TargetNotBinary(
                    f"目标列 {name} 没有取值 {said!r} {name} never is {said!r}; "
                    f"it is {found[0]!r} or {found[1]!r}"
                )
            return found[(found.index(said.strip()) + (not is_bad)) % 2]
    bads = [value for value in found if value.lower() in _BAD_WORDS]
    if bads == ["1"] and not {"0", "-1"} & set(found):  # 1 and 2 may mean either
        bads = []
    goods = [value for value in found if value.lower() in _GOOD_WORDS]
    if len(bads) == 1:
        return bads[0]
    if len(goods) == 1:
        return next(value for value in found if value != goods[0])
    raise TargetNotBinary(
        f"目标列 {name} 的两种取值看不出哪个是坏的，请用 --bad 指明 "
        f"{name} is {found[0]!r} or {found[1]!r}, and neither says that it is the bad one: "
        f"name it by --bad {found[1]!r} or --bad {found[0]!r}"
    )
