"""How indicators become a score: four states, points, shrinkage, vetoes （（七））. Whole numbers only.

The one-subject twin of `compiling`: the same version, facts and day give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rongxin.catalogue import loader
from rongxin.evaluation import consistency, measuring, packing, tiers
from rongxin.evaluation.cards import NOT_RATED, Grades
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.measuring import Facts
from rongxin.evaluation.schema import Formula
from rongxin.evaluation.tiers import Tier
from rongxin.vocabulary.labelled import Labelled

#: The indicator by which the age of a subject is known.
AGE = "R01"


class State(Labelled):
    """What is known of an indicator; missing is never taken for good or bad."""

    MISSING = "missing", "缺失", "missing"
    OBSERVED = "observed", "有记录", "observed"
    OBSERVED_NONE = "observed_none", "已查询，无记录", "asked: no record"
    NOT_APPLICABLE = "not_applicable", "不适用", "not applicable"


@dataclass(frozen=True)
class Told:
    """An indicator or signal of one subject; `value` stands with the two observed states only."""

    state: State
    value: int | None = None


@dataclass(frozen=True)
class Pointed:
    """An indicator's share in a score: `points` are hundredths of `weight`, None unless observed."""

    code: str
    told: Told
    weight: int
    points: int | None
    bin: int | None

    @property
    def lost(self) -> int:
        """How many hundredths of a point it costs."""
        return 0 if self.points is None else self.weight * (100 - self.points)


@dataclass(frozen=True)
class Reasons:
    """Codes of indicators: what cost most, what is missing, what speaks for the subject."""

    lost: tuple[str, ...]
    lacks: tuple[str, ...]
    won: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """信用评价 of one subject. `score` is None where it is not rated; `coverage` is in 1/1000."""

    score: int | None
    grade: str
    public_grade: str
    coverage: int
    confidence: str
    vetoes: tuple[str, ...]
    score_before_veto: int | None
    indicators: tuple[Pointed, ...]
    reasons: Reasons


def evaluate(spec: Specification, tier: Tier, facts: Facts, *, as_of: date) -> Score:
    """Return the score of one subject over its rows."""
    return score(spec, tier, told(spec, tier, facts, as_of=as_of), facts.subject)


def told(spec: Specification, tier: Tier, facts: Facts, *, as_of: date) -> dict[str, Told]:
    """Return every indicator and signal of a tier as a subject's rows tell it."""
    rows = _counting(spec, facts, as_of)
    return {
        name: tell(one, facts, rows, spec, as_of=as_of)
        for name, one in spec.formulas.items()
        if tiers.belongs(one, tier)
    }


def told_one(spec: Specification, formula: Formula, facts: Facts, *, as_of: date) -> Told:
    """Return one indicator or signal as a subject's rows tell it."""
    return tell(formula, facts, _counting(spec, facts, as_of), spec, as_of=as_of)


def newest(spec: Specification, tier: Tier, facts: Facts, *, as_of: date) -> dict[str, str]:
    """Return of each item that bears a date the day of the newest row that counts (ISO 8601)."""
    read = {item for one in spec.formulas.values() if tiers.belongs(one, tier) for item in one.items}
    found = {}
    for item, rows in _counting(spec, facts, as_of).items():
        dated = consistency.dated_by(loader.load().item(item))
        days = [row[dated] for row in rows if dated and row.get(dated) is not None]
        if item in read and days:
            found[item] = max(days).isoformat()
    return found


def _counting(spec: Specification, facts: Facts, as_of: date) -> dict[str, list[measuring.Row]]:
    return {item: measuring.counting(item, own, spec.relief, as_of=as_of) for item, own in facts.rows.items()}


def tell(
    formula: Formula,
    facts: Facts,
    rows: Mapping[str, list[measuring.Row]],
    spec: Specification,
    *,
    as_of: date,
) -> Told:
    """Return the state of a formula and its number."""
    untold = Told(State.NOT_APPLICABLE if formula.not_held else State.MISSING)
    if facts.subject.kind not in formula.applies_to:
        return Told(State.NOT_APPLICABLE)
    if not all(facts.knows(item, formula.channel) for item in formula.needed):
        return untold
    if any(_only_claimed(item, rows) for item in formula.needed):
        return untold
    none = not rows.get(formula.main)
    if none and formula.none != "value":
        return untold if formula.none == "missing" else Told(State.NOT_APPLICABLE)
    value = measuring.value(formula, facts, rows, spec.segments, as_of=as_of)
    if value is None:
        return untold
    return Told(State.OBSERVED_NONE if none else State.OBSERVED, value)


def _only_claimed(item: str, rows: Mapping[str, list[measuring.Row]]) -> bool:
    """Whether a firm said something of itself that its provider did not confirm (数据核验)."""
    if not consistency.is_verified_only(loader.load().item(item)):
        return False
    return any(row.get("_verified") is not True for row in rows.get(item, ()))


def score(spec: Specification, tier: Tier, told: Mapping[str, Told], subject: measuring.Subject) -> Score:
    """Return the score that indicators and signals come to."""
    pointed = tuple(_pointed(spec, code, told[code]) for code in spec.indicators if code in told)
    total = sum(_packed(spec, one) for one in pointed)
    parts = packing.parts(total)
    observed, weight = parts["observed"], parts["weight"]
    coverage = 1000 * observed // weight if weight else 0
    age = told[AGE].value if AGE in told else None
    before = raw(spec.grades, parts, median(spec, tier, subject, age)) if observed else None
    vetoes, cap = _vetoes(spec, told, thin=1000 * observed < spec.vetoes.thin_file.coverage_below * weight)
    final = None if before is None or cap is None else min(before, cap)
    return Score(
        score=final,
        grade=NOT_RATED if final is None else spec.grades.grade_of(final),
        public_grade=NOT_RATED if final is None else spec.grades.public_grade_of(final),
        coverage=coverage,
        confidence=_confidence(spec.grades, coverage, parts["critical"]),
        vetoes=vetoes,
        score_before_veto=before,
        indicators=pointed,
        reasons=_reasons(pointed),
    )


def median(spec: Specification, tier: Tier, subject: measuring.Subject, age_months: int | None) -> int:
    """Return what a thin file of this segment shrinks to."""
    rows = spec.segments.medians[tier]
    own = {"industry": subject.industry, "size_class": subject.size_class}
    return next(row.median for row in rows if row.fits(**own, age_months=age_months))


def _pointed(spec: Specification, code: str, told: Told) -> Pointed:
    bins = spec.bins(code)
    if told.value is None:
        return Pointed(code, told, bins.weight, None, None)
    place = bins.bin_of(told.value)
    return Pointed(code, told, bins.weight, bins.points[place], place)


def _packed(spec: Specification, one: Pointed) -> int:
    if one.told.state is State.NOT_APPLICABLE:
        return 0
    if one.points is None:
        return packing.missing(one.weight, critical=spec.indicators[one.code].critical)
    return packing.observed(one.weight, one.points)


def raw(grades: Grades, parts: Mapping[str, int], segment: int) -> int:
    """Return the score, before any veto, that a file's parts come to beside the median of its segment."""
    a, observed, weight = grades.shrinkage_hundredths, parts["observed"], parts["weight"]
    above = (100 + a) * 10 * parts["points"] + a * (weight - observed) * segment
    below = 100 * observed + a * weight
    return (2 * above + below) // (2 * below)


def _vetoes(
    spec: Specification, told: Mapping[str, Told], *, thin: bool
) -> tuple[tuple[str, ...], int | None]:
    fired, cap = [], 1000
    rated = True
    for veto in spec.vetoes.vetoes:
        values = [told[t.of].value for t in veto.any if t.of in told]
        triggers = [t for t in veto.any if t.of in told]
        if any(v is not None and t.holds(v) for v, t in zip(values, triggers, strict=True)):
            fired.append(veto.code)
            rated = rated and veto.cap != NOT_RATED
            cap = min(cap, spec.grades.highest(veto.cap)) if veto.cap != NOT_RATED else cap
    if thin:
        fired.append(spec.vetoes.thin_file.code)
        cap = min(cap, spec.grades.highest(spec.vetoes.thin_file.cap))
    return tuple(fired), cap if rated else None


def _confidence(grades: Grades, coverage: int, critical: int) -> str:
    if coverage >= grades.confidence["high"] and critical == 0:
        return "high"
    return "medium" if coverage >= grades.confidence["medium"] else "low"


def _reasons(pointed: tuple[Pointed, ...]) -> Reasons:
    def first(most: int, sizes: Mapping[str, int]) -> tuple[str, ...]:
        named = [code for code, size in sizes.items() if size > 0]
        return tuple(sorted(named, key=lambda code: (-sizes[code], code))[:most])

    return Reasons(
        lost=first(4, {p.code: p.lost for p in pointed}),
        lacks=first(3, {p.code: p.weight for p in pointed if p.told.state is State.MISSING}),
        won=first(2, {p.code: p.weight * (p.points or 0) for p in pointed}),
    )
