"""One subject's rows into the indicators' whole numbers, in plain Python: the single path. Pure.

It says the same as `compiling` in other words, so that each holds the other to account; `explain` uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import floor
from typing import Any

from rongxin.catalogue import loader
from rongxin.evaluation import calendar, consistency, sql_measures
from rongxin.evaluation.cards import Relief, Segments, Standing
from rongxin.evaluation.schema import Class, Condition, Formula, Measure, Test

Row = Mapping[str, Any]
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Subject:
    """What of a subject decides to which segment and card it belongs."""

    kind: str
    industry: str
    size_class: str


@dataclass(frozen=True)
class Facts:
    """One subject's live rows by item, and which items are known by which way (see `compiling.Source`)."""

    subject: Subject
    known: frozenset[tuple[str, str]]  # item, channel
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    def knows(self, item: str, channel: str) -> bool:
        return (item, channel) in self.known


def counting(item: str, rows: Sequence[Row], relief: Relief, *, as_of: date) -> list[Row]:
    """Return the rows that count on a day (V11): what is over is used no more."""
    until = loader.load().item(item).published_until
    rules = list(relief.counts_while.get(item, ()))
    if until is not None:
        rules.append(Standing(field=until, not_before_day=True))
    return [row for row in rows if all(_stands(row.get(rule.field), rule, as_of) for rule in rules)]


def _stands(day: date | None, rule: Standing, as_of: date) -> bool:
    if day is None:
        return True
    return day >= as_of if rule.not_before_day else day > as_of


def value(
    formula: Formula, facts: Facts, rows: Mapping[str, Sequence[Row]], segments: Segments, *, as_of: date
) -> int | None:
    """Return a formula's number over rows that count; None where it can't be made."""
    measures = {
        name: _measured(one, rows.get(one.item, ()), as_of)
        if not one.optional or facts.knows(one.item, formula.channel)
        else None
        for name, one in formula.measures.items()
    }
    made = _OPERATORS[formula.value.operator](formula, measures, facts.subject, segments, as_of)
    least = formula.value.at_least
    if least is None or not any((measures[name] or 0) > 0 for name in least.any):
        return made
    return least.value if made is None else max(made, least.value)


def read_by(measure: Measure, rows: Sequence[Row], *, as_of: date) -> list[Row]:
    """Return the rows that a measure looks at."""
    verified = consistency.is_verified_only(loader.load().item(measure.item))
    return [
        row
        for row in rows
        if all(holds(test, row, as_of=as_of) for test in measure.where)
        if not verified or row.get("_verified") is True
    ]


def _measured(measure: Measure, rows: Sequence[Row], as_of: date) -> Any:
    chosen = read_by(measure, rows, as_of=as_of)
    if measure.aggregate == "count":
        return len(chosen)
    if measure.aggregate == "newest":
        return _newest(measure, chosen, as_of)
    values = [made for row in chosen if (made := _of_row(measure, row, as_of)) is not None]
    if not values:
        return None
    aggregates: Mapping[str, Callable[[Any], Any]] = {"sum": sum, "min": min, "max": max}
    found = aggregates[measure.aggregate](values)
    if isinstance(found, date | str) or measure.classes:
        return found
    return max(-sql_measures.LARGEST, min(sql_measures.LARGEST, floor(found)))


def _newest(measure: Measure, rows: Sequence[Row], as_of: date) -> int | None:
    packed = []
    for row in rows:
        day, one = row.get(str(measure.by)), _class(measure.classes, row, as_of)
        if day is not None and one is not None:
            packed.append((day, one))
    return max(packed)[1] if packed else None


def _of_row(measure: Measure, row: Row, as_of: date) -> Any:
    if measure.classes:
        made = _class(measure.classes, row, as_of)
        if made is None or measure.decay is None:
            return made
        day, left = row.get(measure.decay.field), 0
        for step in reversed(measure.decay.steps):
            if day is not None and day > calendar.months_before(as_of=as_of, months=step.months):
                left = step.hundredths
        return made * left
    values = [_number(measure.item, name, row.get(name)) for name in measure.fields]
    if len(values) == 1:
        return values[0]
    return None if all(v is None for v in values) else sum(v for v in values if v is not None)


def _number(item: str, name: str, raw: Any) -> Any:
    kind = consistency.kind_of(loader.load().item(item), name)
    if kind == "text_list":
        return len(raw or ())
    if kind == "decimal" and raw is not None:
        return Decimal(raw).quantize(_CENT, ROUND_HALF_UP)
    return raw


def _class(classes: Sequence[Class], row: Row, as_of: date) -> int | None:
    return next((one.value for one in classes if all(holds(t, row, as_of=as_of) for t in one.when)), None)


def holds(test: Condition, row: Row, *, as_of: date) -> bool:
    """Return whether a row passes a test; a value that is absent passes none but `is_null`."""
    found = row.get(test.field)
    if test.is_null is not None:
        return (found is None) is test.is_null
    if found is None:
        return False
    if test.equals is not None:
        return bool(found == test.equals)
    if test.contains:
        return any(word in found for word in test.contains)
    if test.means:
        return found in sql_measures.words(test)
    if test.within_months is not None:
        return bool(calendar.months_before(as_of=as_of, months=test.within_months) < found <= as_of)
    if test.years_back is not None:
        return bool(found == calendar.due_year(as_of=as_of) - test.years_back)
    if test.within_years is not None:
        return bool(calendar.due_year(as_of=as_of) - test.within_years < found <= as_of.year)
    return bool(found.toordinal() > as_of.toordinal() + (test.after_days or 0))


def _take(formula: Formula, measures: Mapping[str, Any], *_: Any) -> Any:
    return measures[str(formula.value.take)]


def _total(formula: Formula, measures: Mapping[str, Any], *_: Any) -> int:
    return sum(measures[name] or 0 for name in formula.value.total)


def _ratio(formula: Formula, measures: Mapping[str, Any], *_: Any) -> int | None:
    made = formula.value
    assert made.ratio is not None
    first, second = (measures[name] for name in made.ratio)
    if made.zero_when_first_is_zero and not first:
        return 0
    if second is not None and second <= 0:
        return made.when_second_is_not_positive
    if first is None or second is None:
        return None
    most = sql_measures.LARGEST // made.scale
    scaled = sql_measures.LARGEST if made.scale > 1 and first > most else first * made.scale
    return int(scaled * 10000 // second)


def _growth(formula: Formula, measures: Mapping[str, Any], *_: Any) -> int | None:
    assert formula.value.growth is not None
    now, before = (measures[name] for name in formula.value.growth)
    if now is None or before is None or before <= 0:
        return None
    return int((now - before) * 10000 // before)


def _months(
    formula: Formula, measures: Mapping[str, Any], _s: Subject, _t: Segments, as_of: date
) -> int | None:
    found = measures[str(formula.value.months_since)]
    if isinstance(found, str):
        return as_of.year * 12 + as_of.month - int(found[:4]) * 12 - int(found[5:7])
    return None if found is None else calendar.months_since(found, as_of=as_of)


def _days(
    formula: Formula, measures: Mapping[str, Any], _s: Subject, _t: Segments, as_of: date
) -> int | None:
    found = measures[str(formula.value.days_since)]
    return None if found is None else int((as_of - found).days)


def edges(table: str, subject: Subject, segments: Segments) -> tuple[int, ...]:
    """Return the frozen edges of a subject's segment."""
    rows = segments.quantiles[table]
    own = {"industry": subject.industry, "size_class": subject.size_class, "age_months": None}
    return next(row.edges for row in rows if row.fits(**own))  # type: ignore[arg-type]


def _quantile(
    formula: Formula, measures: Mapping[str, Any], subject: Subject, segments: Segments, _d: date
) -> int | None:
    found = measures[str(formula.value.quantile)]
    if found is None:
        return None
    return 1 + sum(bool(found >= edge) for edge in edges(str(formula.value.table), subject, segments))


def _choose(
    formula: Formula, measures: Mapping[str, Any], subject: Subject, segments: Segments, _d: date
) -> int | None:
    for choice in formula.value.choose:
        if all(_passes(test, measures, subject, segments) for test in choice.when):
            return choice.value
    return None


def _passes(test: Test, measures: Mapping[str, Any], subject: Subject, segments: Segments) -> bool:
    found = measures[test.measure]
    if found is None:
        return False
    if test.above is not None:
        return bool(found > test.above)
    if test.at_most is not None:
        return bool(found <= test.at_most)
    if test.above_measure is not None:
        other = measures[test.above_measure]
        return other is not None and bool(found > other)
    if test.above_share is not None:
        other, share = measures[test.above_share[0]], test.above_share[1]
        return other is not None and bool(found * 10000 > other * share)
    assert test.above_edge is not None
    table, place = test.above_edge
    return bool(found >= edges(table, subject, segments)[place - 1])


_OPERATORS: Mapping[str, Callable[..., int | None]] = {
    "take": _take,
    "total": _total,
    "ratio": _ratio,
    "growth": _growth,
    "months_since": _months,
    "days_since": _days,
    "quantile": _quantile,
    "choose": _choose,
}
