"""What an indicator is: a formula over fields of catalogue items, closed to words nobody knows （（七））.

Two stages. A *measure* is one aggregate over one subject's rows of one item; a *value* is made of measures.
All values are integers in a declared unit, so that every engine gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field as Constraint
from pydantic import model_validator

from rongxin.catalogue.schema import Frozen, Identifier, Text
from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind

Code = Annotated[str, Constraint(pattern=r"^[A-Z]\d\d$")]
#: A field of an item, or a prepared column (`prepared.yaml`), which begins with an underscore.
Column = Annotated[str, Constraint(pattern=r"^_?[a-z][a-z0-9_]*$", max_length=63)]


class Dimension(Labelled):
    """维度 of the starting card."""

    STABILITY = "stability", "主体稳定", "stability of the subject"
    FINANCE = "finance", "经营财务", "operations and finance"
    PAYMENT = "payment", "缴纳履约", "paying what is due"
    JUDICIAL = "judicial", "司法", "courts"
    ADMINISTRATION = "administration", "行政监管", "administration"
    INNOVATION = "innovation", "创新资产", "innovation and assets"


class Unit(Labelled):
    """What an indicator's integer counts."""

    MONTHS = "months", "月", "months"
    DAYS = "days", "天", "days"
    COUNT = "count", "项", "count"
    CLASS = "class", "类", "class"
    PERMYRIAD = "permyriad", "‱", "1/10000"
    CNY = "cny", "元", "CNY"
    QUINTILE = "quintile", "分位组", "fifth"
    HUNDREDTHS = "hundredths", "百分之一次", "1/100 time"


class Condition(Frozen):
    """One test of one column of a row; a row without the value passes none but `is_null`."""

    field: Column
    equals: bool | int | str | None = None
    contains: tuple[Text, ...] = ()  # any of them
    means: tuple[Text, ...] = ()  # codes of the list named by `codes`, in whatever words registers write them
    codes: str | None = None
    is_null: bool | None = None
    within_months: Annotated[int, Constraint(ge=1, le=240)] | None = None  # no older, and not after the day
    years_back: Annotated[int, Constraint(ge=0, le=20)] | None = None  # a year: this many before the due one
    within_years: Annotated[int, Constraint(ge=1, le=20)] | None = None  # one of the last due years
    after_days: Annotated[int, Constraint(ge=-3660, le=3660)] | None = None  # later than the day and so many

    @model_validator(mode="after")
    def _says_one_thing(self) -> Condition:
        said = [name for name in type(self).model_fields if name not in ("field", "codes")]
        given = [name for name in said if getattr(self, name) not in (None, ())]
        if len(given) != 1:
            raise ValueError(f"条件应恰有一个运算符，现为 {given or '无'}（可用：{'、'.join(said)}）")
        if bool(self.means) != (self.codes is not None):
            raise ValueError("means 与 codes 应一并给出 (both or neither)")
        return self


class Class(Frozen):
    """A class that rows fall into: the first whose conditions all hold."""

    when: tuple[Condition, ...] = ()
    value: Annotated[int, Constraint(ge=0, le=999)]


class Step(Frozen):
    """How much of a row's weight is left after so many months, in hundredths."""

    months: Annotated[int, Constraint(ge=1)]
    hundredths: Annotated[int, Constraint(ge=0, le=100)]


class Decay(Frozen):
    field: Column
    steps: tuple[Step, ...]


class Measure(Frozen):
    """One aggregate over one subject's rows of one item."""

    item: Identifier
    aggregate: Literal["count", "sum", "min", "max", "newest"]
    fields: tuple[Column, ...] = ()  # several are added up, an absent one counting nothing
    classes: tuple[Class, ...] = ()  # instead of fields; the last may have no conditions
    decay: Decay | None = None  # sum of classes only
    where: tuple[Condition, ...] = ()
    by: Column | None = None  # newest: which date or year decides; among equals the highest class counts
    optional: bool = False  # the value can be made without it being known

    @model_validator(mode="after")
    def _fits(self) -> Measure:
        what = bool(self.fields) + bool(self.classes)
        if self.aggregate == "count" and what:
            raise ValueError("count 只数行，不取字段 (count takes neither fields nor classes)")
        if self.aggregate != "count" and what != 1:
            raise ValueError(f"{self.aggregate} 应有 fields 或 classes 之一 (one of the two)")
        if (self.aggregate == "newest") != (self.by is not None):
            raise ValueError("newest 应有 by，其他聚合没有 (newest needs `by`, nothing else has it)")
        if self.aggregate == "newest" and not self.classes:
            raise ValueError("newest 只用于 classes")
        if self.decay is not None and (self.aggregate != "sum" or not self.classes):
            raise ValueError("decay 只用于 classes 之和 (only for a sum of classes)")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its item's rows that it reads, each once."""
        tested = [c.field for one in self.classes for c in one.when] + [c.field for c in self.where]
        extra = [self.by] if self.by else []
        extra += [self.decay.field] if self.decay else []
        return tuple(dict.fromkeys([*self.fields, *tested, *extra]))


class Least(Frozen):
    """How low a value may be where one of these measures is above 0, whatever the rows leave blank."""

    any: tuple[Identifier, ...] = Constraint(min_length=1)
    value: Annotated[int, Constraint(ge=1)]


class Value(Frozen):
    """How measures become the indicator's integer: exactly one operator."""

    take: Identifier | None = None
    total: tuple[Identifier, ...] = ()  # an absent one counts nothing
    ratio: tuple[Identifier, Identifier] | None = None  # first / second, in 1/10000, rounded down
    growth: tuple[Identifier, Identifier] | None = None  # (first − second) / second, in 1/10000
    months_since: Identifier | None = None  # a date, or a month
    days_since: Identifier | None = None
    quantile: Identifier | None = None  # 1…n by the frozen edges of the segment
    table: Identifier | None = None  # which edges
    choose: tuple[Choice, ...] = ()  # the first whose tests all hold
    at_least: Least | None = None
    scale: Annotated[int, Constraint(ge=1)] = 1  # ratio: the first measure's own unit in the second's
    zero_when_first_is_zero: bool = False  # ratio: nothing owed is nothing, whatever the second is
    when_second_is_not_positive: int | None = None  # ratio: else the indicator can't be made

    @model_validator(mode="after")
    def _says_one_thing(self) -> Value:
        given = [name for name in OPERATORS if getattr(self, name) not in (None, ())]
        if len(given) != 1:
            raise ValueError(f"value 应恰有一个运算符，现为 {given or '无'}（可用：{'、'.join(OPERATORS)}）")
        if (self.quantile is not None) != (self.table is not None):
            raise ValueError("quantile 与 table 应一并给出 (both or neither)")
        return self

    @property
    def operator(self) -> str:
        return next(name for name in OPERATORS if getattr(self, name) not in (None, ()))


class Test(Frozen):
    """A comparison of a measure with a number, another measure, or an edge of a frozen table."""

    __test__ = False  # no test of pytest's

    measure: Identifier
    above: int | None = None
    at_most: int | None = None
    above_measure: Identifier | None = None
    above_share: tuple[Identifier, int] | None = None  # more than so many 1/10000 of that measure
    above_edge: tuple[Identifier, int] | None = None  # at least that edge of a table (1 = the lowest)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Test:
        said = [name for name in type(self).model_fields if name != "measure"]
        if sum(getattr(self, name) is not None for name in said) != 1:
            raise ValueError(f"比较应恰有一个运算符（可用：{'、'.join(said)}）")
        return self


class Choice(Frozen):
    """One of several: its number, where all its tests hold."""

    when: tuple[Test, ...] = ()
    value: int


OPERATORS = ("take", "total", "ratio", "growth", "months_since", "days_since", "quantile", "choose")
Value.model_rebuild()


class Formula(Frozen):
    """A value of a subject and when it can be told; an indicator, or a signal that a veto needs."""

    channel: SharingMode  # by which the fields it rests on reach the platform; tier and consent follow
    freshness_days: Annotated[int, Constraint(ge=1)]
    applies_to: tuple[SubjectKind, ...] = Constraint(min_length=1)
    measures: Mapping[Identifier, Measure]
    value: Value
    # What the answer "no record" says: the value made of nothing, nothing at all, or that it doesn't apply.
    none: Literal["value", "missing", "not_applicable"]
    # Why nobody may hold what it would be made of: where it can't be told, it doesn't apply to anybody.
    not_held: Text | None = None

    @property
    def items(self) -> tuple[str, ...]:
        """The items it reads, in the order of its measures."""
        return tuple(dict.fromkeys(measure.item for measure in self.measures.values()))

    @property
    def main(self) -> str:
        """The item whose rows say whether there is a record."""
        return next(iter(self.measures.values())).item

    @property
    def needed(self) -> tuple[str, ...]:
        """The items that have to be known, so that the value can be told."""
        return tuple(dict.fromkeys(m.item for m in self.measures.values() if not m.optional))


class Indicator(Formula):
    """指标: one file, from which SQL, the single path, the reasons and the reference page are made."""

    code: Code
    label: Text
    label_en: Text
    dimension: Dimension
    unit: Unit
    direction: Literal["+", "-"]
    annex_row: tuple[Annotated[int, Constraint(ge=1, le=38)], ...] = Constraint(min_length=1)
    critical: bool = False  # its absence lowers confidence
    # What its numbers mean, Chinese and English: of every class, and of what else stands for a word.
    words: Mapping[int, tuple[Text, Text]] = Constraint(default_factory=dict)
    improve: Text
    improve_en: Text
    notes: str = ""
