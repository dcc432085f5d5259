"""One statement that scores everybody: indicators and parameters of a version as SQL （（七） 全覆盖).

The statement reads one view an item (its live rows, named as in the catalogue) and the view

    subject(_subject, kind, region, industry, size_class, known)

`known` has the bit of each `Source` that has answered about this subject and is fresh enough: with it and no
rows a subject is *observed, none*; without it *missing*, whatever rows lie there. Amounts are DECIMAL(18, 2).
Every value is a whole number and all of a score's sums are packed into one, so that DuckDB, Spark and the
single path (`rules`) agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Literal

import sqlglot

from rongxin.catalogue import loader
from rongxin.evaluation import consistency, loading, sql_measures, sql_scores, sql_values, tiers
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.schema import Formula
from rongxin.evaluation.sql_measures import quoted
from rongxin.evaluation.sql_scores import Told
from rongxin.evaluation.tiers import Tier
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind

Dialect = Literal["duckdb", "spark"]
#: The indicator by which the age of a subject is known.
AGE = "R01"


@dataclass(frozen=True)
class Source:
    """One way in which an item becomes known; `bit` is its place in `known`, the same in every tier."""

    item: str
    channel: SharingMode
    consent: bool
    freshness_days: int
    bit: int


@dataclass(frozen=True)
class Program:
    """A statement and what it needs. `reads` names the columns of each view, `codes` the indicators."""

    version: str
    tier: Tier
    as_of: date
    items: tuple[str, ...]
    reads: Mapping[str, tuple[str, ...]]
    sources: tuple[Source, ...]
    codes: tuple[str, ...]
    veto_codes: tuple[str, ...]
    columns: tuple[str, ...]
    sql: str
    newest: Mapping[str, str]  # wide only: of each item whose rows bear a date, _subject and its newest day

    @property
    def fingerprint(self) -> str:
        """What a run notes of the program: any change of a formula, number or word changes it."""
        return sha256(self.sql.encode()).hexdigest()


def program(
    version: str | None,
    tier: Tier | str,
    *,
    as_of: date,
    dialect: Dialect = "duckdb",
    narrow: bool = True,
    specification: Specification | None = None,
) -> Program:
    """This function will compile a version for a tier and a day; the same arguments give the same bytes.

    Narrow gives a row of `_subject, score, grade, public_grade, coverage, confidence, vetoes`; wide adds
    `score_before_veto`, `reasons` (see `rules.unpack_reasons`) and of each indicator `<code>_state`,
    `<code>_value` and `<code>_points`. Raises `InvalidIndicators` and `UnknownVersion`.
    """
    spec = specification or loading.load(version)
    chosen = {name: one for name, one in spec.formulas.items() if tiers.belongs(one, Tier(tier))}
    codes = tuple(code for code in spec.indicators if code in chosen)
    reads, newest = _reads(spec, chosen), {} if narrow else _newest(spec, chosen, as_of)
    for item in newest:
        reads[item] = tuple(sorted({*reads[item], str(loader.load().item(item).observed_on)}))
    statement = "WITH " + ", ".join(_steps(spec, Tier(tier), chosen, as_of, narrow=narrow))
    signals = tuple(name for name in spec.vetoes.signals if name in chosen)
    columns = sql_scores.columns(codes, signals, narrow=narrow)
    statement += f" SELECT {', '.join(columns)} FROM graded"  # noqa: S608
    if dialect == "spark":
        statement, *days = (
            sqlglot.transpile(one, read="duckdb", write="spark")[0] for one in (statement, *newest.values())
        )
        newest = dict(zip(newest, days, strict=True))
    return Program(
        version=spec.version,
        tier=Tier(tier),
        as_of=as_of,
        items=tuple(reads),
        reads=reads,
        sources=sources(spec),
        codes=codes,
        veto_codes=spec.vetoes.codes,
        columns=tuple(column.strip('"') for column in columns),
        sql=statement,
        newest=newest,
    )


def sources(spec: Specification) -> tuple[Source, ...]:
    """Return how each item becomes known, in the order of their bits."""
    days: dict[tuple[str, SharingMode], int] = {}
    consents: dict[tuple[str, SharingMode], bool] = {}
    for formula in spec.formulas.values():
        for item in formula.items:
            key = (item, formula.channel)
            days[key] = min(days.get(key, formula.freshness_days), formula.freshness_days)
            consents[key] = tiers.needs_consent_for(formula.channel, item)
    ordered = sorted(days, key=lambda key: (key[0], key[1].value))
    return tuple(
        Source(item, channel, consents[item, channel], days[item, channel], bit)
        for bit, (item, channel) in enumerate(ordered)
    )


def _reads(spec: Specification, chosen: Mapping[str, Formula]) -> dict[str, tuple[str, ...]]:
    """Return the columns that are read of each item, in the order of items."""
    found: dict[str, set[str]] = {}
    catalogue = loader.load()
    for formula in chosen.values():
        for measure in formula.measures.values():
            item = catalogue.item(measure.item)
            columns = found.setdefault(measure.item, {"_subject"})
            columns |= set(measure.columns)
            columns |= {item.published_until} if item.published_until else set()
            columns |= {rule.field for rule in spec.relief.counts_while.get(measure.item, ())}
            columns |= {"_verified"} if consistency.is_verified_only(item) else set()
    return {item: tuple(sorted(found[item])) for item in sorted(found)}


def _newest(spec: Specification, chosen: Mapping[str, Formula], as_of: date) -> dict[str, str]:
    """Write of when each item's newest row is that counts: the date that a reason is told with."""
    catalogue, found = loader.load(), {}
    for name in sorted({name for one in chosen.values() for name in one.items}):
        item = catalogue.item(name)
        dated = consistency.dated_by(item)
        if dated is None:
            continue
        tests = sql_measures.counts_while(item, spec.relief.counts_while.get(name, ()), as_of=as_of)
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        newest = f"CAST(MAX({quoted(dated)}) AS VARCHAR)"
        found[name] = f"SELECT _subject, {newest} AS newest FROM {quoted(name)}{where} GROUP BY _subject"  # noqa: S608
    return found


class _Measures:
    """The aggregates of each item, each written once however many formulas use it."""

    def __init__(self, as_of: date) -> None:
        self.as_of = as_of
        self.aggregates: dict[str, dict[str, str]] = {}  # item → aggregate → column
        self.normal: dict[str, str] = {}  # column → measure
        self._count = 0

    def column(self, formula: Formula, name: str) -> str:
        """Return the column of a measure."""
        measure = formula.measures[name]
        own = self.aggregates.setdefault(measure.item, {})
        made = sql_measures.aggregate(measure, as_of=self.as_of)
        if made not in own:
            own[made] = f"m{self._count}"
            self.normal[own[made]] = sql_measures.normalised(measure, own[made])
            self._count += 1
        return own[made]


def _steps(
    spec: Specification, tier: Tier, chosen: Mapping[str, Formula], as_of: date, *, narrow: bool
) -> Iterator[str]:
    measures = _Measures(as_of)
    bits = {(source.item, source.channel): source.bit for source in sources(spec)}
    columns = {name: {m: measures.column(one, m) for m in one.measures} for name, one in chosen.items()}
    counted = sorted(measures.aggregates)
    for item in counted:
        yield _grouped(spec, item, measures, as_of)
    joins = " ".join(f"LEFT JOIN f_{item} ON f_{item}._subject = s._subject" for item in counted)
    counts = [f"n_{item}" for item in counted] + [f"u_{item}" for item in counted if _verified(item)]
    taken = [f"{normal} AS {column}" for column, normal in measures.normal.items()]
    taken += counts
    yield f"facts AS (SELECT s.*, {', '.join(taken)} FROM subject AS s {joins})"  # noqa: S608
    told = {}
    for name, one in chosen.items():
        own = {m: _masked(one, m, column, bits) for m, column in columns[name].items()}
        known = _known(one, bits)
        made = sql_values.value(one, own, spec.segments.quantiles, as_of=as_of)
        told[name] = Told(one, f"v_{name}", made, known, _stays_out(one))
    kept = ", ".join(["_subject", "industry", "size_class", "kind", "known", *counts])
    values = ", ".join(f"{one.guarded} AS {one.column}" for one in told.values())
    yield f"valued AS (SELECT {kept}, {values} FROM facts)"  # noqa: S608
    age = f"v_{AGE}" if AGE in told else "NULL"
    yield from sql_scores.steps(spec, tier, told, sql_values.median(spec.segments.medians[tier], age), narrow)


def _grouped(spec: Specification, item: str, measures: _Measures, as_of: date) -> str:
    known = loader.load().item(item)
    rules = spec.relief.counts_while.get(item, ())
    tests = sql_measures.counts_while(known, rules, as_of=as_of)
    made = [f"{text} AS {column}" for text, column in measures.aggregates[item].items()]
    counts = ["COUNT(*)" + (' FILTER (WHERE "_verified")' if _verified(item) else "") + f" AS n_{item}"]
    if _verified(item):
        counts.append(f'COUNT(*) FILTER (WHERE "_verified" IS NULL OR NOT "_verified") AS u_{item}')
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return (
        f"f_{item} AS (SELECT _subject, {', '.join([*counts, *made])} FROM {quoted(item)}{where}"  # noqa: S608
        " GROUP BY _subject)"
    )


@cache
def _verified(item: str) -> bool:
    return consistency.is_verified_only(loader.load().item(item))


def _masked(formula: Formula, name: str, column: str, bits: Mapping[tuple[str, SharingMode], int]) -> str:
    """Let what isn't needed be absent where it isn't known."""
    measure = formula.measures[name]
    if not measure.optional:
        return column
    bit = 1 << bits[measure.item, formula.channel]
    return f"CASE WHEN (known & {bit}) <> 0 THEN {column} END"


def _known(formula: Formula, bits: Mapping[tuple[str, SharingMode], int]) -> str:
    """Write that all is known that a formula needs, and nothing of it is only claimed."""
    mask = sum(1 << bits[item, formula.channel] for item in formula.needed)
    tests = [f"(known & {mask}) = {mask}"]
    tests += [f"COALESCE(u_{item}, 0) = 0" for item in formula.needed if _verified(item)]
    return " AND ".join(tests)


def _stays_out(formula: Formula) -> str | None:
    """Write for whom a formula is not made at all; None where it is made for all."""
    if set(formula.applies_to) == set(SubjectKind):
        return None
    return "kind NOT IN (" + ", ".join(f"'{kind.value}'" for kind in formula.applies_to) + ")"
