"""Invented rows of everybody for `bench evaluate`: made in random order, then sorted as by compaction.

Every subject has the same number of events, each of any item with the same likelihood. Values are drawn from
the words that the indicators ask for, so that every bin, veto and state occurs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from rongxin.catalogue import loader
from rongxin.evaluation import compiling, consistency, loading, one_machine, sql_measures
from rongxin.evaluation.compiling import Program
from rongxin.evaluation.schema import Condition

AS_OF = date(2026, 11, 29)
EVENTS = 50
#: Prime to any number of subjects below it, so that i·STRIDE mod n visits everyone once in n steps.
STRIDE = 1_000_000_007
#: Not asked for by any indicator.
OTHER = "其他"
KINDS = ("company", "company", "company", "individual_business", "farmer_cooperative", "village_collective")
INDUSTRIES = ("A01", "C33", "E47", "F52", "G54", "I65")
SIZES = ("micro", "micro", "micro", "small", "small", "medium", "large", "unknown")


@contextmanager
def connect(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with one_machine.connected(folder) as duck:
        duck.execute("SET preserve_insertion_order = false")
        yield duck


def program(tier: str) -> Program:
    return compiling.program(None, tier, as_of=AS_OF)


def buckets(subjects: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges of subjects, from … to below."""
    return [(low, min(low + size, subjects)) for low in range(0, subjects, size)]


def names(read: Program) -> list[str]:
    return ["subject", *read.items]


def path(folder: Path, stage: str, bucket: int, name: str) -> Path:
    return folder / f"{stage}-{bucket}-{name}.parquet"


def make(folder: Path, tier: str, ranges: list[tuple[int, int]]) -> None:
    """Write each bucket's rows as they might have come in: in no order."""
    read = program(tier)
    words = _words()
    with connect(folder) as duck:
        for bucket, (low, high) in enumerate(ranges):
            duck.execute(_events(low, high, len(read.items)))
            copy(duck, _subjects(low, high), path(folder, "raw", bucket, "subject"))
            for place, item in enumerate(read.items):
                columns = ", ".join(_cells(item, read.reads[item], words))
                rows = f"SELECT {columns} FROM event WHERE item = {place}"
                copy(duck, rows, path(folder, "raw", bucket, item))


def compact(folder: Path, tier: str, ranges: list[tuple[int, int]]) -> None:
    """Sort each file by subject and date, once."""
    read = program(tier)
    with connect(folder) as duck:
        duck.execute("SET preserve_insertion_order = true")
        for bucket in range(len(ranges)):
            for name in names(read):
                raw = path(folder, "raw", bucket, name)
                days = [c for c in read.reads.get(name, ()) if _kind(name, c) == "date"]
                order = ", ".join(["_subject", *days[:1]])
                rows = f"SELECT * FROM read_parquet('{raw}') ORDER BY {order}"
                copy(duck, rows, path(folder, "sorted", bucket, name))
                raw.unlink()


def scan(folder: Path, tier: str, ranges: list[tuple[int, int]]) -> None:
    """Read every column of every bucket once and add it up: the floor."""
    read = program(tier)
    with connect(folder) as duck:
        for bucket in range(len(ranges)):
            for name in names(read):
                file = path(folder, "sorted", bucket, name)
                sums = ", ".join(_sum(name, column) for column in read.reads.get(name, SUBJECT))
                duck.execute(f"SELECT {sums} FROM read_parquet('{file}')").fetchall()


SUBJECT = ("_subject", "kind", "industry", "size_class", "known")
_SUBJECT_KINDS = {"_subject": "integer", "known": "integer"}


def _kind(name: str, column: str) -> str:
    if name == "subject" or column == "_subject":
        return _SUBJECT_KINDS.get(column, "text")
    return str(consistency.kind_of(loader.load().item(name), column))


def _sum(name: str, column: str) -> str:
    own = f'"{column}"'
    how = {
        "decimal": own,
        "integer": own,
        "year": own,
        "boolean": f"CAST({own} AS TINYINT)",
        "date": f"DATE_DIFF('day', DATE '1970-01-01', {own})",
        "text_list": f"LEN({own})",
    }
    return f"SUM({how.get(_kind(name, column), f'STRLEN({own})')})"


def copy(duck: duckdb.DuckDBPyConnection, rows: str, file: Path) -> None:
    duck.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")


def _events(low: int, high: int, items: int) -> str:
    count = high - low
    return (
        f"CREATE OR REPLACE TEMP TABLE event AS SELECT CAST({low} + (i * {STRIDE}) % {count} AS INTEGER)"
        f" AS _subject, CAST(hash({low}, i) % {items} AS UTINYINT) AS item,"
        f" CAST(i AS UINTEGER) AS n FROM range({count * EVENTS}) AS drawn(i)"
    )


def _subjects(low: int, high: int) -> str:
    """Everybody, each with seven of eight sources known."""
    bits = (1 << len(compiling.sources(loading.load()))) - 1
    known = " | ".join(f"(hash(i, {salt}) & {bits})" for salt in ("'a'", "'b'", "'c'"))
    return (
        f"SELECT CAST(i AS INTEGER) AS _subject, {_one_of(KINDS, 1)} AS kind, '990101' AS region,"
        f" {_one_of(INDUSTRIES, 2)} AS industry, {_one_of(SIZES, 3)} AS size_class,"
        f" CAST({known} AS BIGINT) AS known FROM range({low}, {high}) AS everybody(i)"
    )


def _one_of(words: tuple[str, ...], salt: int) -> str:
    listed = ", ".join(map(sql_measures.literal, words))
    return f"[{listed}][CAST(1 + hash(i, {salt}) % {len(words)} AS BIGINT)]"


def _words() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return the words that indicators look for in each column, and one that none looks for."""
    found: dict[tuple[str, str], set[str]] = {}
    for item, test in _conditions():
        own = [*test.contains, *(sql_measures.words(test) if test.means else ())]
        own += [test.equals] if isinstance(test.equals, str) else []
        found.setdefault((item, test.field), {OTHER}).update(own)
    return {key: tuple(sorted(own)) for key, own in found.items()}


def _conditions() -> Iterator[tuple[str, Condition]]:
    for formula in loading.load().formulas.values():
        for measure in formula.measures.values():
            for test in [*measure.where, *(t for one in measure.classes for t in one.when)]:
                yield measure.item, test


def _cells(
    item: str, columns: tuple[str, ...], words: Mapping[tuple[str, str], tuple[str, ...]]
) -> Iterator[str]:
    for place, column in enumerate(columns):
        if column == "_subject":
            yield column
            continue
        drawn = f"CAST(hash(n, '{item}', {place}) >> 20 AS BIGINT)"
        made = _value(_kind(item, column), drawn, words.get((item, column), (OTHER,)))
        yield f"CASE WHEN hash(n, '{item}', {place}) % 12 > 0 THEN {made} END AS \"{column}\""


def _value(kind: str, drawn: str, words: tuple[str, ...]) -> str:
    months = [f"{AS_OF.year - 1 + m // 12}-{m % 12 + 1:02d}" for m in range(11, 23)]
    texts = months if kind == "month" else words
    listed = ", ".join(map(sql_measures.literal, texts))
    how = {
        "decimal": f"CAST(({drawn} % 100000000) / 100 AS DECIMAL(18, 2))",
        "integer": f"CAST({drawn} % 40 AS INTEGER)",
        "year": f"CAST({AS_OF.year} - {drawn} % 8 AS SMALLINT)",
        "date": f"{sql_measures.literal(AS_OF)} + CAST({drawn} % 1700 - 1500 AS INTEGER)",
        "boolean": f"{drawn} % 5 < 3",
        "text_list": f"['参与标准制定', '科技奖励'][1 : {drawn} % 3]",
    }
    return how.get(kind, f"[{listed}][1 + {drawn} % {len(texts)}]")
