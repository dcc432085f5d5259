"""From told values to a score as SQL: points, sums, vetoes, grade.

An indicator adds one packed whole number: points, observed weight, weight that applies, critical missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rongxin.evaluation import packing
from rongxin.evaluation.cards import NOT_RATED, Bins, Trigger
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.schema import Formula, Indicator

NARROW = ("_subject", "score", "grade", "public_grade", "coverage", "confidence", "vetoes")


@dataclass(frozen=True)
class Told:
    """A formula's number and when it may be told."""

    formula: Formula
    column: str
    value: str
    known: str
    seen: str  # above 0 where there is a row of its main item
    stays_out: str | None

    @property
    def guarded(self) -> str:
        """The number where it is observed or said by "no record"; else NULL."""
        tests = [f"NOT ({self.stays_out})"] if self.stays_out else []
        tests.append(self.known)
        if self.formula.none != "value":
            tests.append(f"{self.seen} > 0")
        return f"CASE WHEN {' AND '.join(tests)} THEN {self.value} END"

    @property
    def out(self) -> str | None:
        """When it does not apply, given that it was not told; None: never."""
        if self.formula.not_held:
            return "TRUE"
        tests = [self.stays_out] if self.stays_out else []
        if self.formula.none == "not_applicable":
            # Known, and no row of it: what is known is told by the bit, which `valued` keeps.
            tests.append(f"({self.known} AND {self.seen} = 0)")
        return " OR ".join(tests) or None


def columns(
    codes: Sequence[str], signals: Sequence[str], dated: Sequence[str], *, narrow: bool
) -> tuple[str, ...]:
    """Name the columns of the result, quoted where they need it."""
    if narrow:
        return NARROW
    own = [f'"{code}_{what}"' for code in codes for what in ("state", "value", "points")]
    own += [*(f'"{name}_value"' for name in signals), *(f'"{item}_on"' for item in dated)]
    return (*NARROW, "score_before_veto", *own)


def steps(
    spec: Specification, told: Mapping[str, Told], median: str, dated: Sequence[str], *, narrow: bool
) -> Iterator[str]:
    """Write the common tables that follow `valued`, the last being `graded`."""
    own = {code: told[code] for code in spec.indicators if code in told}
    total = " + ".join(_packed(spec.bins(code), one) for code, one in own.items())
    bits, cap = _vetoes(spec, told)
    days = "".join(f', "{item}_on"' for item in dated)
    yield (
        f"summed AS (SELECT _subject, {total} AS total, {bits} AS fired, {cap} AS cap,"  # noqa: S608
        f" {median} AS median{'' if narrow else _wide_columns(spec, own) + _signals(told, own)}"
        f"{days} FROM valued)"
    )
    signals = (f'"{name}_value"' for name in told if name not in own)
    carried = "" if narrow else ", " + ", ".join([*_carried(own), *signals]) + days
    yield (
        f"parted AS (SELECT _subject, {packing.part('total', 'points')} AS points,"  # noqa: S608
        f" {packing.part('total', 'observed')} AS observed, {packing.part('total', 'weight')} AS weight,"
        f" {packing.part('total', 'critical')} AS critical, fired, cap, median{carried} FROM summed)"
    )
    yield _scored(spec, carried)
    yield _capped(spec, carried)
    yield _graded(spec, carried, "" if narrow else ", raw AS score_before_veto")


def _packed(bins: Bins, one: Told) -> str:
    """Write what an indicator adds to the packed sum."""
    assert isinstance(one.formula, Indicator)
    ways = [
        f"WHEN {one.column} < {edge} THEN {packing.observed(bins.weight, points)}"
        for edge, points in bins.steps
    ]
    ways.append(f"WHEN {one.column} IS NOT NULL THEN {packing.observed(bins.weight, bins.rest)}")
    if one.out:
        ways.append(f"WHEN {one.out} THEN 0")
    missing = packing.missing(bins.weight, critical=one.formula.critical)
    return f"CASE {' '.join(ways)} ELSE {missing} END"


def _vetoes(spec: Specification, told: Mapping[str, Told]) -> tuple[str, str]:
    """Write which vetoes are set off, and the highest score that they leave (−1: none at all)."""
    bits, caps = [], []
    for place, veto in enumerate(spec.vetoes.vetoes):
        tests = [_trigger(told[t.of].column, t) for t in veto.any if t.of in told]
        if not tests:
            continue
        bits.append(f"CASE WHEN {' OR '.join(tests)} THEN {1 << place} ELSE 0 END")
        most = -1 if veto.cap == NOT_RATED else spec.grades.highest(veto.cap)
        caps.append((most, f"WHEN {' OR '.join(tests)} THEN {most}"))
    ways = " ".join(text for _, text in sorted(caps, key=lambda one: one[0]))
    return " + ".join(bits), f"CASE {ways} ELSE 1000 END"


def _trigger(column: str, trigger: Trigger) -> str:
    sign, edge = (">", trigger.above) if trigger.above is not None else ("<", trigger.below)
    return f"COALESCE({column} {sign} {edge}, FALSE)"


def _scored(spec: Specification, carried: str) -> str:
    """k = (1 + a) C / (C + a) and one rounding half up, all in whole numbers (docs/decisions/0035)."""
    a = spec.grades.shrinkage_hundredths
    above = f"({(100 + a) * 10} * points + {a} * (weight - observed) * median)"
    below = f"(100 * observed + {a} * weight)"
    thin = spec.vetoes.thin_file.coverage_below
    return (
        "scored AS (SELECT _subject, fired, cap, critical,"  # noqa: S608
        " (1000 * observed) // NULLIF(weight, 0) AS coverage,"
        f" CASE WHEN observed > 0 THEN (2 * {above} + {below}) // NULLIF(2 * {below}, 0) END AS raw,"
        f" 1000 * observed < {thin} * weight AS thin{carried} FROM parted)"
    )


def _capped(spec: Specification, carried: str) -> str:
    thin = spec.vetoes.thin_file
    most, bit = spec.grades.highest(thin.cap), 1 << len(spec.vetoes.vetoes)
    return (
        f"capped AS (SELECT _subject, coverage, critical, raw, CASE WHEN cap < 0 THEN NULL"  # noqa: S608
        f" ELSE LEAST(raw, cap, CASE WHEN thin THEN {most} ELSE 1000 END) END AS score,"
        f" fired + CASE WHEN thin THEN {bit} ELSE 0 END AS vetoes{carried} FROM scored)"
    )


def _graded(spec: Specification, carried: str, more: str) -> str:
    grades = spec.grades
    return (
        "graded AS (SELECT _subject,"  # noqa: S608
        " CAST(CASE WHEN raw IS NULL THEN NULL ELSE score END AS INTEGER) AS score,"
        f" CASE WHEN raw IS NULL OR score IS NULL THEN '{NOT_RATED}' {_cuts(grades.grades)} END AS grade,"
        f" CASE WHEN raw IS NULL OR score IS NULL THEN '{NOT_RATED}' {_cuts(grades.public_grades)} END"
        " AS public_grade, CAST(COALESCE(coverage, 0) AS INTEGER) AS coverage,"
        f" CASE WHEN coverage >= {grades.confidence['high']} AND critical = 0 THEN 'high'"
        f" WHEN coverage >= {grades.confidence['medium']} THEN 'medium' ELSE 'low' END AS confidence,"
        f" CAST(vetoes AS BIGINT) AS vetoes{more}{carried} FROM capped)"
    )


def _cuts(cuts: Mapping[str, int]) -> str:
    return " ".join(f"WHEN score >= {least} THEN '{grade}'" for grade, least in cuts.items())


def _wide_columns(spec: Specification, own: Mapping[str, Told]) -> str:
    made = []
    for code, one in own.items():
        bins = spec.bins(code)
        points = " ".join(f"WHEN {one.column} < {edge} THEN {points}" for edge, points in bins.steps)
        points = f"CASE {points} WHEN {one.column} IS NOT NULL THEN {bins.rest} END"
        out = f" WHEN {one.out} THEN {packing.NOT_APPLICABLE}" if one.out else ""
        state = (
            f"CASE WHEN {one.column} IS NOT NULL THEN CASE WHEN {one.seen} = 0 THEN {packing.OBSERVED_NONE}"
            f" ELSE {packing.OBSERVED} END{out} ELSE {packing.MISSING} END"
        )
        made += [
            f'CAST({state} AS SMALLINT) AS "{code}_state"',
            f'CAST({one.column} AS BIGINT) AS "{code}_value"',
            f'CAST({points} AS SMALLINT) AS "{code}_points"',
        ]
    return ", " + ", ".join(made)


def _signals(told: Mapping[str, Told], own: Mapping[str, Told]) -> str:
    """Write what vetoes rest on besides indicators, so that a score can be made again from its wide row."""
    signals = {name: one for name, one in told.items() if name not in own}
    made = (f'CAST({one.column} AS BIGINT) AS "{name}_value"' for name, one in signals.items())
    return "".join(f", {column}" for column in made)


def _carried(own: Mapping[str, Told]) -> Iterator[str]:
    for code in own:
        yield from (f'"{code}_state"', f'"{code}_value"', f'"{code}_points"')
