"""产品匹配: whether a firm meets what a product asks, rule by rule, in the same words for both sides.

Pure. A rule is met, not met, or unknown where the fact isn't known; nothing is weighed or guessed, and no
rule is hidden. Whoever doesn't meet a rule hears which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from rongxin.catalogue import codelists, regions
from rongxin.financing.products.rules import GRADES, Admission
from rongxin.parties.rules.size_class import SizeClass
from rongxin.vocabulary import region as places
from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.subject_kind import SubjectKind


class Verdict(Labelled):
    """Whether one rule, or all of them, are met."""

    MET = "met", "符合", "met"
    NOT_MET = "not_met", "不符合", "not met"
    UNKNOWN = "unknown", "暂不能判断", "unknown"


@dataclass(frozen=True)
class Facts:
    """What is public of a firm, as far as it is known; `grade` only where its public score was looked at."""

    kind: SubjectKind
    region: str = ""
    industry: str = ""
    size_class: SizeClass | None = None
    established_on: date | None = None
    grade: str | None = None


@dataclass(frozen=True)
class Finding:
    """What one rule asks, what is known of the firm, and what comes of it."""

    rule: str
    asked: str
    known: str
    verdict: Verdict

    @property
    def words(self) -> str:
        return f"{self.asked}；{self.known}：{self.verdict.label}"

    def document(self) -> dict[str, str]:
        """Return the finding as both sides read it."""
        return {
            "rule": self.rule,
            "asked": self.asked,
            "known": self.known,
            "verdict": self.verdict.value,
            "words": self.words,
        }


def findings(admission: Admission, facts: Facts, *, as_of: date) -> tuple[Finding, ...]:
    """Return what comes of every rule that a product states, in a fixed order; none where it states none."""
    found = (rule(admission, facts, as_of) for rule in _RULES)
    return tuple(one for one in found if one is not None)


def verdict(some: Iterable[Finding]) -> Verdict:
    """Return what comes of all rules together: one that is not met decides, then one that is not known."""
    held = {one.verdict for one in some}
    for decisive in (Verdict.NOT_MET, Verdict.UNKNOWN):
        if decisive in held:
            return decisive
    return Verdict.MET


def _of(truth: bool | None) -> Verdict:
    if truth is None:
        return Verdict.UNKNOWN
    return Verdict.MET if truth else Verdict.NOT_MET


def _region(admission: Admission, facts: Facts, as_of: date) -> Finding | None:
    if not admission.regions:
        return None
    names = "、".join(regions.label(code) for code in admission.regions)
    inside = any(places.lies_in(facts.region, code) for code in admission.regions) if facts.region else None
    known = f"登记在{regions.label(facts.region)}" if facts.region else "登记地区未知"
    return Finding("regions", f"须登记在{names}", known, _of(inside))


def _industry(admission: Admission, facts: Facts, as_of: date) -> Finding | None:
    if not admission.industries:
        return None
    names = _names(admission.industries)
    return Finding(
        "industries", f"行业须为{names}", _known_industry(facts), _of(_among(facts, admission.industries))
    )


def _excluded(admission: Admission, facts: Facts, as_of: date) -> Finding | None:
    if not admission.excluded_industries:
        return None
    among = _among(facts, admission.excluded_industries)
    asked = f"行业不得为{_names(admission.excluded_industries)}"
    return Finding(
        "excluded_industries", asked, _known_industry(facts), _of(None if among is None else not among)
    )


def _size(admission: Admission, facts: Facts, as_of: date) -> Finding | None:
    if not admission.size_classes:
        return None
    names = "、".join(size.label for size in admission.size_classes)
    size = facts.size_class
    known = f"划型为{size.label}" if size else "尚未划型"
    return Finding(
        "size_classes", f"规模须为{names}", known, _of(size in admission.size_classes if size else None)
    )


def _kind(admission: Admission, facts: Facts, as_of: date) -> Finding | None:
    if not admission.subject_kinds:
        return None
    names = "、".join(kind.label for kind in admission.subject_kinds)
    met = facts.kind in admission.subject_kinds
    return Finding("subject_kinds", f"主体须为{names}", f"主体为{facts.kind.label}", _of(met))


def _age(admission: Admission, facts: Facts, as_of: date) -> Finding | None:
    least = admission.age_months_min
    if least is None:
        return None
    asked = f"成立须满{least}个月"
    if facts.established_on is None:
        return Finding("age_months_min", asked, "成立日期未知", Verdict.UNKNOWN)
    months = _months(facts.established_on, as_of)
    return Finding("age_months_min", asked, f"成立{months}个月", _of(months >= least))


def _grade(admission: Admission, facts: Facts, as_of: date) -> Finding | None:
    if admission.grade_min is None:
        return None
    asked = f"公共信用评价须为“{admission.grade_min}”或以上"
    if facts.grade not in GRADES:
        return Finding("grade_min", asked, "没有核对公共信用评价", Verdict.UNKNOWN)
    met = GRADES.index(facts.grade) <= GRADES.index(admission.grade_min)
    return Finding("grade_min", asked, f"公共信用评价为“{facts.grade}”", _of(met))


_RULES: tuple[Callable[[Admission, Facts, date], Finding | None], ...] = (
    _region,
    _kind,
    _industry,
    _excluded,
    _size,
    _age,
    _grade,
)


def _names(codes: Iterable[str]) -> str:
    known = codelists.get("gbt_4754_2017")
    return "、".join(known.label(code) for code in codes)


def _known_industry(facts: Facts) -> str:
    label = codelists.get("gbt_4754_2017").label(facts.industry) if facts.industry else ""
    return f"行业为{label}" if label else "行业未知"


def _among(facts: Facts, wanted: Iterable[str]) -> bool | None:
    """Whether the firm's industry is, or lies within, one of these; None where that isn't known."""
    own = _lineage(facts.industry)
    if not own:
        return None
    outer = [_lineage(code) for code in wanted]
    if any(code[-1] in own for code in outer):
        return True
    # What is known of the firm is wider than what is meant: either can be true.
    return None if any(own[-1] in code for code in outer) else False


def _lineage(code: str) -> tuple[str, ...]:
    """Return the codes that a code lies in, the widest first: 门类, 大类, and a finer one as it stands."""
    known = codelists.get("gbt_4754_2017").find(code)
    if known is None:
        return ()
    wide = (known.code,) if known.parent is None else (known.parent, known.code)
    digits = code.lstrip("ABCDEFGHIJKLMNOPQRST")
    finer = tuple(digits[:n] for n in range(3, len(digits) + 1))
    return (*wide, *finer)


def _months(since: date, until: date) -> int:
    """Return how many whole months lie between two days."""
    months = (until.year - since.year) * 12 + until.month - since.month
    return max(0, months - (until.day < since.day))
