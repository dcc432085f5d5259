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
from hashlib import sha256
from typing import Literal

import sqlglot

from rongxin.catalogue import loader
from rongxin.evaluation import consistency, loading, sql_facts, sql_scores, sql_values, tiers
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.schema import Formula
from rongxin.evaluation.sql_facts import Facts
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
    newest: tuple[str, ...]  # wide only: the items whose newest day stands in a column `<item>_on`

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
    """Compile a version for a tier and a day; the same arguments give the same bytes.

    Narrow gives a row of `_subject, score, grade, public_grade, coverage, confidence, vetoes`; wide adds
    `score_before_veto`, of each indicator `<code>_state`, `<code>_value` and `<code>_points`, the value of
    each signal and the newest day of each item, `<item>_on`. Reasons are made from these by `rules`, for whom
    they are asked.
    Raises `InvalidIndicators` and `UnknownVersion`.
    """
    spec = specification or loading.load(version)
    chosen = {name: one for name, one in spec.formulas.items() if tiers.belongs(one, Tier(tier))}
    codes = tuple(code for code in spec.indicators if code in chosen)
    dated = {} if narrow else _dated(chosen)
    reads = _reads(spec, chosen, dated)
    statement = "WITH " + ", ".join(_steps(spec, Tier(tier), chosen, dated, as_of, narrow=narrow))
    signals = tuple(name for name in spec.vetoes.signals if name in chosen)
    columns = sql_scores.columns(codes, signals, tuple(dated), narrow=narrow)
    statement += f" SELECT {', '.join(columns)} FROM graded"  # noqa: S608
    if dialect == "spark":
        (statement,) = sqlglot.transpile(statement, read="duckdb", write="spark")
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
        newest=tuple(dated),
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


def _reads(
    spec: Specification, chosen: Mapping[str, Formula], dated: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the columns that are read of each item, in the order of items."""
    found: dict[str, set[str]] = {item: {"_subject", day} for item, day in dated.items()}
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


def _dated(chosen: Mapping[str, Formula]) -> dict[str, str]:
    """Return of each item whose rows bear a day the field that says it: reasons are told with the newest."""
    items = sorted({name for one in chosen.values() for name in one.items})
    days = {name: consistency.dated_by(loader.load().item(name)) for name in items}
    return {name: day for name, day in days.items() if day is not None}


def _steps(
    spec: Specification,
    tier: Tier,
    chosen: Mapping[str, Formula],
    dated: Mapping[str, str],
    as_of: date,
    *,
    narrow: bool,
) -> Iterator[str]:
    facts = Facts(spec, chosen.values(), dated, as_of=as_of)
    yield from facts.steps()
    bits = {(source.item, source.channel): source.bit for source in sources(spec)}
    told = {}
    for name, one in chosen.items():
        own = {m: _masked(one, m, facts.column(one.measures[m]), bits) for m in one.measures}
        made = sql_values.value(one, own, spec.segments.quantiles, as_of=as_of)
        told[name] = Told(
            one, f"v_{name}", made, _known(one, facts, bits), facts.seen(one.main), _stays_out(one)
        )
    kept = ", ".join(["_subject", "industry", "size_class", "kind", "known", *facts.words])
    values = [f"{one.guarded} AS {one.column}" for one in told.values()]
    values += [f'CAST({facts.newest(item)} AS VARCHAR) AS "{item}_on"' for item in dated]
    yield f"valued AS (SELECT {kept}, {', '.join(values)} FROM facts)"  # noqa: S608
    age = f"v_{AGE}" if AGE in told else "NULL"
    median = sql_values.median(spec.segments.medians[tier], age)
    yield from sql_scores.steps(spec, told, median, tuple(dated), narrow=narrow)


def _masked(formula: Formula, name: str, column: str, bits: Mapping[tuple[str, SharingMode], int]) -> str:
    """Let what isn't needed be absent where it isn't known."""
    measure = formula.measures[name]
    if not measure.optional:
        return column
    bit = 1 << bits[measure.item, formula.channel]
    return f"CASE WHEN (known & {bit}) <> 0 THEN {column} END"


def _known(formula: Formula, facts: Facts, bits: Mapping[tuple[str, SharingMode], int]) -> str:
    """Write that all is known that a formula needs, and nothing of it is only claimed."""
    mask = sum(1 << bits[item, formula.channel] for item in formula.needed)
    tests = [f"(known & {mask}) = {mask}"]
    tests += [f"{facts.claimed(item)} = 0" for item in formula.needed if sql_facts.verified_only(item)]
    return " AND ".join(tests)


def _stays_out(formula: Formula) -> str | None:
    """Write for whom a formula is not made at all; None where it is made for all."""
    if set(formula.applies_to) == set(SubjectKind):
        return None
    return "kind NOT IN (" + ", ".join(f"'{kind.value}'" for kind in formula.applies_to) + ")"
