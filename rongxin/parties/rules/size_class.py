"""中小企业划型: large, medium, small, micro (工信部联企业〔2011〕300号; 附件 注1).

A class needs *all* its lower bounds; who misses one drops to the class below; who is below *any* bound of
small is micro. The bounds are dated parameters (`parties/parameters/`); the rule holds none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rongxin.vocabulary import industry as industries


class SizeClass(StrEnum):
    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    SizeClass.LARGE: "大型",
    SizeClass.MEDIUM: "中型",
    SizeClass.SMALL: "小型",
    SizeClass.MICRO: "微型",
    SizeClass.UNKNOWN: "未划型",
}


class Indicator(StrEnum):
    """What a row measures: 从业人员(人), 营业收入(万元), 资产总额(万元)."""

    EMPLOYEES = "employees"
    REVENUE_10K_CNY = "revenue_10k_cny"
    ASSETS_10K_CNY = "assets_10k_cny"


@dataclass(frozen=True)
class Row:
    """One industry of the standard; each indicator has its lower bound of large, medium and small."""

    number: int
    label: str
    codes: frozenset[str]
    bounds: Mapping[Indicator, tuple[Decimal, Decimal, Decimal]]


@dataclass(frozen=True)
class Standard:
    """A dated edition of the whole table."""

    edition: str
    citation: str
    effective_from: date
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Figure:
    """A number with the source it comes from and the day it describes."""

    value: Decimal
    source: str
    on: date


class Why(StrEnum):
    """Why a class came out; the last three go with UNKNOWN."""

    ALL_BOUNDS_REACHED = "all_bounds_reached"
    BELOW_A_BOUND_OF_SMALL = "below_a_bound_of_small"
    FIGURES_LACKING = "figures_lacking"
    INDUSTRY_LACKING = "industry_lacking"
    INDUSTRY_NOT_DEFINED = "industry_not_defined"


@dataclass(frozen=True)
class Sizing:
    """The class, why, by which row, and from which figures with which sources."""

    size_class: SizeClass
    why: Why
    edition: str
    row: int | None
    figures: Mapping[Indicator, Figure]
    lacking: tuple[Indicator, ...] = ()


def row_of(standard: Standard, industry: str) -> Row | None:
    """Return the row for a GB/T 4754 code; the longest code of a row that the industry begins with decides.

    A 大类 whose 中类 fall into different rows (59 装卸搬运和仓储业, 70 房地产业) has no row of its own.
    """
    if not industries.well_formed(industry):
        return None
    numbered = industry if industries.is_section(industry) else industry.lstrip("ABCDEFGHIJKLMNOPQRST")
    best: tuple[int, Row] | None = None
    for row in standard.rows:
        for code in row.codes:
            if numbered.startswith(code) and (best is None or len(code) > best[0]):
                best = (len(code), row)
    return best[1] if best else None


def classify(standard: Standard, industry: str, figures: Mapping[Indicator, Figure]) -> Sizing:
    """Return the size class of a firm, `unknown` where industry or figures don't settle it."""
    if not industry:
        return Sizing(SizeClass.UNKNOWN, Why.INDUSTRY_LACKING, standard.edition, None, {})
    row = row_of(standard, industry)
    if row is None:
        return Sizing(SizeClass.UNKNOWN, Why.INDUSTRY_NOT_DEFINED, standard.edition, None, {})
    used = {name: figures[name] for name in row.bounds if name in figures}
    # One figure below small settles it, whatever the others would say.
    if any(figure.value < row.bounds[name][2] for name, figure in used.items()):
        return Sizing(SizeClass.MICRO, Why.BELOW_A_BOUND_OF_SMALL, standard.edition, row.number, used)
    lacking = tuple(name for name in row.bounds if name not in figures)
    if lacking:
        return Sizing(SizeClass.UNKNOWN, Why.FIGURES_LACKING, standard.edition, row.number, used, lacking)
    reached = next(
        size_class
        for position, size_class in enumerate((SizeClass.LARGE, SizeClass.MEDIUM, SizeClass.SMALL))
        if all(figure.value >= row.bounds[name][position] for name, figure in used.items())
    )
    return Sizing(reached, Why.ALL_BOUNDS_REACHED, standard.edition, row.number, used)
