"""Measures as SQL: what a row adds to its aggregate; nothing that two engines do differently.

Written in DuckDB's words and kept to what Spark does the same (docs/decisions/0035).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from rongxin.catalogue import codelists, loader
from rongxin.catalogue.schema import Item
from rongxin.evaluation import calendar, consistency
from rongxin.evaluation.cards import Standing
from rongxin.evaluation.schema import Class, Condition, Decay, Measure

#: No amount counts beyond this: 90 trillion, so that ten-thousandths of it still fit 64 bits.
LARGEST = 9 * 10**13
#: `newest` packs the day and the class into one number, so that ties are decided alike everywhere.
PACK = 1000
EPOCH = date(1970, 1, 1)


def quoted(name: str) -> str:
    return f'"{name}"'


def literal(value: bool | int | str | date) -> str:
    """Write a constant."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


def tests(measure: Measure, *, as_of: date) -> str:
    """Write which rows of its item a measure looks at; empty: all of them."""
    made = [condition(test, as_of=as_of) for test in measure.where]
    if consistency.is_verified_only(loader.load().item(measure.item)):
        made.append('"_verified"')
    return " AND ".join(made)


def aggregated(measure: Measure, *, as_of: date) -> tuple[str, str]:
    """Write a measure as a function and what it adds up of a row of its item; NULL of rows not looked at."""
    item = loader.load().item(measure.item)
    if measure.aggregate == "count":
        function, row = "COUNT", "1"
    elif measure.aggregate == "newest":
        function, row = "MAX", _newest(measure, item, as_of)
    else:
        function, row = measure.aggregate.upper(), _row(measure, item, as_of)
    only = tests(measure, as_of=as_of)
    return function, f"CASE WHEN {only} THEN {row} END" if only else row


def marked(measure: Measure, marks: Mapping[int, int], *, as_of: date) -> str:
    """Write the mark of a row's class, 0 of a row that has none or isn't looked at."""
    made = _classes(measure.classes, None, as_of, marks, "0")
    only = tests(measure, as_of=as_of)
    return f"CASE WHEN {only} THEN {made} ELSE 0 END" if only else made


def normalised(measure: Measure, column: str) -> str:
    """Write how an aggregate's column becomes the measure: a whole number, a day or a month."""
    if measure.aggregate == "count":
        return f"COALESCE({column}, 0)"
    if measure.aggregate == "newest":
        return f"{column} % {PACK}"
    if measure.classes:
        return f"CAST({column} AS BIGINT)"
    kind = consistency.kind_of(loader.load().item(measure.item), measure.fields[0])
    if kind in ("date", "month"):
        return column
    low, high, whole = str(-LARGEST), str(LARGEST), f"CAST({column} AS BIGINT)"
    if kind == "decimal":
        whole = f"CAST(FLOOR({column}) AS BIGINT)"
        if measure.aggregate == "sum":
            # A sum has 38 digits: with bounds of its own type and cut to 18 it takes an eighth of the time.
            low, high = (f"CAST({bound} AS DECIMAL(38, 2))" for bound in (low, high))
            whole = f"CAST(FLOOR(CAST({column} AS DECIMAL(18, 2))) AS BIGINT)"
    return (
        f"CASE WHEN {column} > {high} THEN {LARGEST} WHEN {column} < {low} THEN {-LARGEST} ELSE {whole} END"
    )


def counts_while(item: Item, rules: Sequence[Standing], *, as_of: date) -> list[str]:
    """Write which rows of an item count at all on a day (V11)."""
    own = [Standing(field=item.published_until, not_before_day=True)] if item.published_until else []
    tests = []
    for rule in [*own, *rules]:
        sign = ">=" if rule.not_before_day else ">"
        tests.append(f"({quoted(rule.field)} IS NULL OR {quoted(rule.field)} {sign} {literal(as_of)})")
    return tests


def condition(test: Condition, *, as_of: date) -> str:
    """Write one test of a row; a value that is absent passes none but `is_null`."""
    column = quoted(test.field)
    if test.equals is not None:
        return f"{column} = {literal(test.equals)}"
    if test.contains:
        return "(" + " OR ".join(f"{column} LIKE {literal(f'%{word}%')}" for word in test.contains) + ")"
    if test.means:
        return f"{column} IN ({', '.join(map(literal, words(test)))})"
    if test.is_null is not None:
        return f"{column} IS {'' if test.is_null else 'NOT '}NULL"
    if test.within_months is not None:
        since = calendar.months_before(as_of=as_of, months=test.within_months)
        return f"{column} > {literal(since)} AND {column} <= {literal(as_of)}"
    if test.years_back is not None:
        return f"{column} = {calendar.due_year(as_of=as_of) - test.years_back}"
    if test.within_years is not None:
        first = calendar.due_year(as_of=as_of) - test.within_years + 1
        return f"{column} >= {first} AND {column} <= {as_of.year}"
    return f"{column} > {literal(date.fromordinal(as_of.toordinal() + (test.after_days or 0)))}"


def words(test: Condition) -> list[str]:
    """Return all the words in which registers write the codes that a test means."""
    known = codelists.get(str(test.codes))
    spelt = [word for word, code in known.aliases.items() if code in test.means]
    return sorted({*test.means, *spelt})


def _row(measure: Measure, item: Item, as_of: date) -> str:
    if measure.classes:
        return _classes(measure.classes, measure.decay, as_of)
    columns = [_number(item, name) for name in measure.fields]
    if len(columns) == 1:
        return columns[0]
    absent = " AND ".join(f"{quoted(name)} IS NULL" for name in measure.fields)
    added = " + ".join(f"COALESCE({column}, 0)" for column in columns)
    return f"CASE WHEN {absent} THEN NULL ELSE {added} END"


def _number(item: Item, name: str) -> str:
    kind, column = consistency.kind_of(item, name), quoted(name)
    if kind == "decimal":
        return f"CAST({column} AS DECIMAL(18, 2))"
    if kind == "text_list":
        return f"CASE WHEN {column} IS NULL THEN 0 ELSE CAST(ARRAY_LENGTH({column}) AS BIGINT) END"
    return column


def _classes(
    classes: Sequence[Class],
    decay: Decay | None,
    as_of: date,
    marks: Mapping[int, int] | None = None,
    none: str = "NULL",
) -> str:
    ways, rest = [], none
    for one in classes:
        value = str(marks[one.value] if marks else one.value)
        tests = " AND ".join(condition(test, as_of=as_of) for test in one.when)
        if not tests:
            rest = value
            break
        ways.append(f"WHEN {tests} THEN {value}")
    made = f"CASE {' '.join(ways)} ELSE {rest} END" if ways else rest
    if decay is None:
        return made
    column = quoted(decay.field)
    steps = " ".join(
        f"WHEN {column} > {literal(since)} THEN {step.hundredths}"
        for step in decay.steps
        if (since := calendar.months_before(as_of=as_of, months=step.months))
    )
    return f"{made} * CASE {steps} ELSE 0 END"


def _newest(measure: Measure, item: Item, as_of: date) -> str:
    by = quoted(str(measure.by))
    if consistency.kind_of(item, str(measure.by)) == "date":
        by = f"DATE_DIFF('day', {literal(EPOCH)}, {by})"
    return f"CAST({by} AS BIGINT) * {PACK} + {_classes(measure.classes, None, as_of)}"
