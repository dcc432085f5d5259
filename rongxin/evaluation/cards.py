"""评分卡: weights, bins, vetoes, cut-offs and frozen tables of one version (`parameters/`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field as Constraint
from pydantic import model_validator

from rongxin.catalogue.schema import Frozen, Identifier, Text
from rongxin.evaluation.schema import Code, Column, Formula
from rongxin.evaluation.tiers import Tier

NOT_RATED = "NR"


class Parameters(Frozen):
    """What every parameter file says of itself."""

    version: Text
    citation: Text
    effective_from: date


class Bins(Frozen):
    """Points, in hundredths of the weight: below the first edge the first, and so on."""

    weight: Annotated[int, Constraint(ge=1, le=1000)]
    steps: tuple[tuple[int, Annotated[int, Constraint(ge=0, le=100)]], ...] = Constraint(min_length=1)
    rest: Annotated[int, Constraint(ge=0, le=100)]

    @model_validator(mode="after")
    def _ascends(self) -> Bins:
        edges = [edge for edge, _ in self.steps]
        if edges != sorted(set(edges)):
            raise ValueError(f"分档的界值应逐一递增，现为 {edges} (edges must ascend)")
        return self

    @property
    def points(self) -> tuple[int, ...]:
        return (*(points for _, points in self.steps), self.rest)

    def bin_of(self, value: int) -> int:
        """Return which bin a value falls into, the lowest being 0."""
        return sum(value >= edge for edge, _ in self.steps)

    def points_of(self, value: int) -> int:
        return self.points[self.bin_of(value)]


class Weights(Parameters):
    indicators: Mapping[Code, Bins]


class Grades(Parameters):
    """From the highest: at least so many of 1000."""

    grades: Mapping[str, int]
    public_grades: Mapping[str, int]
    shrinkage_hundredths: Annotated[int, Constraint(ge=1, le=100)]
    confidence: Mapping[Literal["high", "medium"], int]

    def grade_of(self, score: int) -> str:
        return next(grade for grade, least in self.grades.items() if score >= least)

    def public_grade_of(self, score: int) -> str:
        return next(grade for grade, least in self.public_grades.items() if score >= least)

    def highest(self, grade: str) -> int:
        """Return the highest score that a grade allows."""
        above = [least for least in self.grades.values() if least > self.grades[grade]]
        return min(above) - 1 if above else 1000


class Trigger(Frozen):
    """A value of an indicator or signal that sets a veto off, where it is observed."""

    of: str
    above: int | None = None
    below: int | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Trigger:
        if (self.above is None) == (self.below is None):
            raise ValueError("above 与 below 应恰有其一 (exactly one of the two)")
        return self

    def holds(self, value: int) -> bool:
        return value > self.above if self.above is not None else value < (self.below or 0)


class Veto(Frozen):
    code: str
    label: Text
    label_en: Text
    any: tuple[Trigger, ...] = Constraint(min_length=1)
    cap: str
    improve: Text
    improve_en: Text


class ThinFile(Frozen):
    code: str
    label: Text
    label_en: Text
    coverage_below: int
    cap: str
    improve: Text
    improve_en: Text


class Vetoes(Parameters):
    signals: Mapping[Identifier, Formula]
    vetoes: tuple[Veto, ...]
    thin_file: ThinFile

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes by the place of their bit."""
        return (*(veto.code for veto in self.vetoes), self.thin_file.code)


class Standing(Frozen):
    """While a row counts: a day that it names has not passed, or has not come."""

    field: Column
    not_before_day: Literal[True] | None = None  # absent, or the day or later: 有效期, 公示截止日期
    not_reached: Literal[True] | None = None  # absent, or later than the day: 移出日期

    @model_validator(mode="after")
    def _says_one_thing(self) -> Standing:
        if (self.not_before_day is None) == (self.not_reached is None):
            raise ValueError("not_before_day 与 not_reached 应恰有其一 (exactly one of the two)")
        return self


class Relief(Parameters):
    counts_while: Mapping[Identifier, tuple[Standing, ...]]


class Segment(Frozen):
    """Whom a row of a frozen table is about; what it doesn't name, it doesn't ask."""

    industry: Annotated[str, Constraint(pattern=r"^[A-T]$")] | None = None
    size_class: Literal["micro", "small", "medium", "large"] | None = None
    age: tuple[int, int] | None = None  # years, from … to below

    def fits(self, *, industry: str, size_class: str, age_months: int | None) -> bool:
        if self.industry is not None and industry[:1] != self.industry:
            return False
        if self.size_class is not None and size_class != self.size_class:
            return False
        if self.age is None:
            return True
        return age_months is not None and self.age[0] * 12 <= age_months < self.age[1] * 12


class Median(Segment):
    median: Annotated[int, Constraint(ge=0, le=1000)]


class Edges(Segment):
    edges: tuple[int, ...] = Constraint(min_length=1)

    @model_validator(mode="after")
    def _ascends(self) -> Edges:
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"分位数应逐一递增，现为 {list(self.edges)} (edges must ascend)")
        return self


class Segments(Parameters):
    medians: Mapping[Tier, tuple[Median, ...]]
    quantiles: Mapping[Identifier, tuple[Edges, ...]]

    @model_validator(mode="after")
    def _somebody_fits(self) -> Segments:
        tables: list[tuple[str, tuple[Segment, ...]]] = [*self.medians.items(), *self.quantiles.items()]
        for name, rows in tables:
            last = rows[-1] if rows else None
            if last is None or last.industry or last.size_class or last.age:
                raise ValueError(f"{name} 的最后一行应适用于所有主体 (the last row must fit everybody)")
        return self
