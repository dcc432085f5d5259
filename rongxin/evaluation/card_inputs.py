"""What the columns of an institution's own card are about: indicators, and figures over an item's rows. Pure.

A column is named `indicator(T05)`, `count(ITEM)`, or `newest|sum|min|max(ITEM.FIELD)`; nothing else is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rongxin.catalogue import loader
from rongxin.catalogue.errors import did_you_mean
from rongxin.evaluation import consistency, measuring, rules
from rongxin.evaluation.fitting.card import Card, Column
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.measuring import Facts, Row, Subject

_FORM = re.compile(r"(indicator|count|newest|sum|min|max)\(([A-Za-z][A-Za-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?\)")
_WORDS = {"newest": "最近一条", "sum": "合计", "min": "最小", "max": "最大"}
_NUMBERS = ("decimal", "integer", "year", "boolean")
_KINDS = {"date": "date", "text": "category", "month": "category"} | dict.fromkeys(_NUMBERS, "number")
FORMS = "indicator(CODE)、count(ITEM)、newest/sum/min/max(ITEM.FIELD)"


@dataclass(frozen=True)
class Input:
    """One column: `of` names an indicator or an item, `field` one of the item's fields."""

    name: str
    word: str
    of: str
    field: str

    @property
    def is_indicator(self) -> bool:
        return self.word == "indicator"


@dataclass(frozen=True)
class Seen:
    """What the gate lets of an item's rows through: `fields` are those told in the clear wherever they stand.

    An item that isn't seen, and a field that is held back or masked, is missing: never "no record".
    """

    rows: Sequence[Row]
    fields: frozenset[str]


def of_column(name: str) -> Input | None:
    """Read a column's name; None where it has none of the forms."""
    found = _FORM.fullmatch(name)
    if found is None or (found[1] in ("indicator", "count")) != (found[3] is None):
        return None
    return Input(name, found[1], found[2], found[3] or "")


def faults(card: Card, spec: Specification) -> Iterator[str]:
    """Yield what makes a card unfit to be applied here, each with the column."""
    for column in card.columns:
        one = of_column(column.name)
        if one is None:
            yield f"{column.name}：列名应写作 {FORMS} (the column's name has none of these forms)"
        elif fault := (_of_indicator(one, column, spec) if one.is_indicator else _of_item(one, column)):
            yield f"{column.name}：{fault}"


def _of_indicator(one: Input, column: Column, spec: Specification) -> str:
    if one.of not in spec.indicators:
        return f"没有指标 {one.of}{did_you_mean(one.of, spec.indicators)} (no such indicator)"
    return "" if column.kind == "number" else "指标是整数，kind 应为 number (an indicator is a number)"


def _of_item(one: Input, column: Column) -> str:
    items = loader.load().items
    if one.of not in items:
        return f"清单中没有信息项 {one.of}{did_you_mean(one.of, items)} (no such item)"
    if one.word == "count":
        return "" if column.kind == "number" else "记录数的 kind 应为 number (a count is a number)"
    item = items[one.of]
    kind = consistency.kind_of(item, one.field)
    if kind is None or kind not in _KINDS:
        known = [name for name in item.field_names if consistency.kind_of(item, name) in _KINDS]
        said = did_you_mean(one.field, known)
        return f"信息项 {one.of} 没有可用于评分的字段 {one.field}{said} (no such field for a score)"
    if one.word == "sum" and kind not in ("decimal", "integer"):
        return f"字段 {one.field} 不是数量，不能合计 (can't be added up)"
    if one.word != "newest" and _KINDS[kind] == "category":
        return f"字段 {one.field} 是文字，只能取 newest (words have no least or greatest)"
    if column.kind != _KINDS[kind]:
        return f"kind 应为 {_KINDS[kind]}，现为 {column.kind} (the wrong kind for the field)"
    return ""


def items_of(inputs: Iterable[Input], spec: Specification) -> tuple[str, ...]:
    """Return the items that a card needs, each once."""
    needed: dict[str, None] = {}
    for one in inputs:
        needed |= dict.fromkeys(spec.indicators[one.of].items if one.is_indicator else (one.of,))
    return tuple(needed)


def label(one: Input, spec: Specification) -> str:
    """Return what a column is called, for people."""
    if one.is_indicator:
        return spec.indicators[one.of].label
    item = loader.load().item(one.of)
    if one.word == "count":
        return f"{item.label}·记录数"
    return f"{item.label}·{item.field(one.field).label}（{_WORDS[one.word]}）"


def tell(one: Input, seen: Mapping[str, Seen], subject: Subject, spec: Specification, *, as_of: date) -> Any:
    """Return a column's value from what may be seen; None is missing."""
    if one.is_indicator:
        return _indicator(one.of, seen, subject, spec, as_of)
    found = seen.get(one.of)
    if found is None or (one.field and one.field not in found.fields) or not found.fields:
        return None
    if one.word == "count":
        return len(found.rows)
    values = [row[one.field] for row in found.rows if row.get(one.field) is not None]
    if one.word == "newest":
        return _newest(loader.load().item(one.of).observed_on, one.field, found.rows)
    if one.word == "sum":
        return sum(values, Decimal(0))
    return {"min": min, "max": max}[one.word](values) if values else None


def _indicator(
    code: str, seen: Mapping[str, Seen], subject: Subject, spec: Specification, as_of: date
) -> int | None:
    """Return an indicator's number by the platform's own formula; missing unless all it reads may be seen."""
    formula = spec.indicators[code]
    reads: dict[str, set[str]] = {}
    for measure in formula.measures.values():
        own = {name for name in measure.columns if not name.startswith("_")}
        reads.setdefault(measure.item, set()).update(own)
    known = {name: part for name, part in seen.items() if name in reads and reads[name] <= part.fields}
    rows = {name: part.rows for name, part in known.items() if part.fields}
    facts = Facts(subject, frozenset((name, formula.channel.value) for name in rows), rows)
    counting = {name: measuring.counting(name, own, spec.relief, as_of=as_of) for name, own in rows.items()}
    return rules.tell(formula, facts, counting, spec, as_of=as_of).value


def _newest(dated_by: str | None, field: str, rows: Sequence[Row]) -> Any:
    """Return the field of the newest row that has it; where rows have no date, only what all of them say."""
    told = [row for row in rows if row.get(field) is not None]
    if dated_by is None or any(row.get(dated_by) is None for row in told):
        values = {str(row[field]): row[field] for row in told}
        return next(iter(values.values())) if len(values) == 1 else None
    return max(((str(row[dated_by]), str(row[field]), row[field]) for row in told), default=(None,))[-1]
