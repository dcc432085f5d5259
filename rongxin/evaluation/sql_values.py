"""Values as SQL: whole numbers out of measures, each by one operator of `schema.Value`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from rongxin.catalogue import loader
from rongxin.evaluation import consistency
from rongxin.evaluation.cards import Edges, Median, Segment
from rongxin.evaluation.schema import Formula, Test, Value
from rongxin.evaluation.sql_measures import LARGEST, literal

Tables = Mapping[str, Sequence[Edges]]


def value(formula: Formula, columns: Mapping[str, str], tables: Tables, *, as_of: date) -> str:
    """Write a formula's number, given the column of each of its measures; NULL where it can't be made."""
    made = _operator(formula, columns, tables, as_of)
    if formula.value.at_least is None:
        return made
    there = " OR ".join(f"{columns[name]} > 0" for name in formula.value.at_least.any)
    return f"GREATEST({made}, CASE WHEN {there} THEN {formula.value.at_least.value} END)"


def segment(row: Segment, age: str) -> str:
    """Write whom a row of a frozen table is about."""
    tests = []
    if row.industry is not None:
        tests.append(f"SUBSTRING(industry, 1, 1) = {literal(row.industry)}")
    if row.size_class is not None:
        tests.append(f"size_class = {literal(row.size_class)}")
    if row.age is not None:
        tests.append(f"{age} >= {row.age[0] * 12} AND {age} < {row.age[1] * 12}")
    return " AND ".join(tests)


def median(rows: Sequence[Median], age: str) -> str:
    """Write what a thin file shrinks to."""
    return by_segment([(row, str(row.median)) for row in rows], age)


def by_segment(rows: Sequence[tuple[Segment, str]], age: str) -> str:
    """Write what holds for the first row that fits."""
    ways: list[str] = []
    for row, made in rows:
        tests = segment(row, age)
        if not tests:
            return f"CASE {' '.join(ways)} ELSE {made} END" if ways else made
        ways.append(f"WHEN {tests} THEN {made}")
    raise AssertionError("the loader has seen to it that the last row fits everybody")


def _operator(formula: Formula, columns: Mapping[str, str], tables: Tables, as_of: date) -> str:
    made = formula.value
    if made.take is not None:
        return columns[made.take]
    if made.total:
        return "(" + " + ".join(f"COALESCE({columns[name]}, 0)" for name in made.total) + ")"
    if made.ratio is not None:
        return _ratio(made, columns)
    if made.growth is not None:
        now, before = (columns[name] for name in made.growth)
        return f"CASE WHEN {before} > 0 THEN {_floored(f'({now} - {before}) * 10000', before)} END"
    if made.months_since is not None:
        return _months_since(formula, made.months_since, columns, as_of)
    if made.days_since is not None:
        return f"CAST(DATE_DIFF('day', {columns[made.days_since]}, {literal(as_of)}) AS BIGINT)"
    if made.quantile is not None:
        column = columns[made.quantile]
        rows = tables[str(made.table)]
        return by_segment([(row, _class_of(column, row.edges)) for row in rows], "NULL")
    return _choose(made, columns, tables)


def _ratio(made: Value, columns: Mapping[str, str]) -> str:
    assert made.ratio is not None
    first, second = (columns[name] for name in made.ratio)
    ways: list[str] = []
    if made.zero_when_first_is_zero:
        ways.append(f"WHEN COALESCE({first}, 0) = 0 THEN 0")
    scaled = first
    if made.scale > 1:
        most = LARGEST // made.scale
        scaled = f"(CASE WHEN {first} > {most} THEN {LARGEST} ELSE {first} * {made.scale} END)"
    ways.append(f"WHEN {second} > 0 THEN {_floored(f'{scaled} * 10000', second)}")
    if made.when_second_is_not_positive is not None:
        ways.append(f"WHEN {second} <= 0 THEN {made.when_second_is_not_positive}")
    return f"CASE {' '.join(ways)} END"


def _floored(dividend: str, divisor: str) -> str:
    """Divide rounding down, where engines round to nought; the divisor is positive."""
    below = f"-(({divisor} - 1 - ({dividend})) // {divisor})"
    return f"CASE WHEN ({dividend}) >= 0 THEN ({dividend}) // {divisor} ELSE {below} END"


def _months_since(formula: Formula, name: str, columns: Mapping[str, str], as_of: date) -> str:
    measure, column = formula.measures[name], columns[name]
    today = as_of.year * 12 + as_of.month
    if consistency.kind_of(loader.load().item(measure.item), measure.fields[0]) == "month":
        year, month = f"SUBSTRING({column}, 1, 4)", f"SUBSTRING({column}, 6, 2)"
        return f"({today} - CAST({year} AS BIGINT) * 12 - CAST({month} AS BIGINT))"
    passed = f"CASE WHEN DAY({column}) > {as_of.day} THEN 1 ELSE 0 END"
    return f"({today} - CAST(YEAR({column}) AS BIGINT) * 12 - MONTH({column}) - {passed})"


def _class_of(column: str, edges: Sequence[int]) -> str:
    ways = " ".join(f"WHEN {column} < {edge} THEN {place}" for place, edge in enumerate(edges, start=1))
    return f"CASE {ways} WHEN {column} >= {edges[-1]} THEN {len(edges) + 1} END"


def _choose(made: Value, columns: Mapping[str, str], tables: Tables) -> str:
    ways = []
    for choice in made.choose:
        tests = " AND ".join(_test(test, columns, tables) for test in choice.when)
        ways.append(f"WHEN {tests} THEN {choice.value}" if tests else f"ELSE {choice.value}")
    return f"CASE {' '.join(ways)} END"


def _test(test: Test, columns: Mapping[str, str], tables: Tables) -> str:
    column = columns[test.measure]
    if test.above is not None:
        return f"{column} > {test.above}"
    if test.at_most is not None:
        return f"{column} <= {test.at_most}"
    if test.above_measure is not None:
        return f"{column} > {columns[test.above_measure]}"
    if test.above_share is not None:
        other, share = test.above_share
        return f"{column} * 10000 > {columns[other]} * {share}"
    assert test.above_edge is not None
    table, place = test.above_edge
    rows: list[tuple[Segment, str]] = [(row, str(row.edges[place - 1])) for row in tables[table]]
    return f"{column} >= {by_segment(rows, 'NULL')}"
