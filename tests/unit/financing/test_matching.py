"""Who may apply is told rule by rule; a narrower rule never lets more in, and every "no" names its rule."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.financing.products import matching
from rongxin.financing.products.matching import Facts, Verdict
from rongxin.financing.products.rules import GRADES, Admission
from rongxin.parties.rules.size_class import SizeClass
from rongxin.vocabulary.subject_kind import SubjectKind

TODAY = date(2026, 3, 2)
CODES = ["A", "C", "13", "131", "F", "51", "52"]
FACTS = st.builds(
    Facts,
    kind=st.sampled_from(SubjectKind),
    region=st.sampled_from(["", "990101", "990102", "110101"]),
    industry=st.sampled_from(["", "C", "C13", "1310", "F52", "A"]),
    size_class=st.sampled_from([None, SizeClass.MICRO, SizeClass.LARGE]),
    established_on=st.none() | st.dates(date(2020, 1, 1), TODAY),
    grade=st.sampled_from([None, *GRADES]),
)
some = st.lists(st.sampled_from(CODES), max_size=3).map(tuple)
ADMISSIONS = st.builds(
    Admission,
    regions=st.lists(st.sampled_from(["990100", "990101", "110000"]), max_size=2).map(tuple),
    industries=some,
    excluded_industries=some,
    size_classes=st.lists(st.sampled_from(SizeClass), max_size=2).map(tuple),
    subject_kinds=st.lists(st.sampled_from(SubjectKind), max_size=2).map(tuple),
    age_months_min=st.none() | st.integers(1, 60),
    grade_min=st.sampled_from([None, *GRADES]),
)
RANK = {Verdict.MET: 2, Verdict.UNKNOWN: 1, Verdict.NOT_MET: 0}


def found(admission, facts):
    return matching.findings(admission, facts, as_of=TODAY)


def outcome(admission, facts):
    return matching.verdict(found(admission, facts))


@given(ADMISSIONS, FACTS)
def test_every_rule_stated_is_told_once_in_words_with_what_it_rests_on(admission, facts):
    told = found(admission, facts)
    stated = {name for name in type(admission).model_fields if getattr(admission, name)}
    assert {one.rule for one in told} == stated
    assert len(told) == len(stated)
    assert all(one.asked and one.known and one.verdict.label in one.words for one in told)
    if outcome(admission, facts) is Verdict.NOT_MET:
        assert any(one.verdict is Verdict.NOT_MET for one in told)


@given(ADMISSIONS, FACTS, st.sampled_from(sorted(Admission.model_fields)))
def test_a_rule_taken_away_never_makes_it_worse(admission, facts, rule):
    blank = Admission.model_fields[rule].default
    less = admission.model_copy(update={rule: blank})
    assert RANK[outcome(less, facts)] >= RANK[outcome(admission, facts)]


@given(ADMISSIONS, FACTS)
def test_what_becomes_known_can_settle_a_rule_but_an_unknown_fact_never_refuses(admission, facts):
    blind = Facts(kind=facts.kind)
    refused = {one.rule for one in found(admission, blind) if one.verdict is Verdict.NOT_MET}
    assert refused <= {"subject_kinds"}


@given(st.integers(1, 59), FACTS)
def test_an_older_firm_meets_what_a_younger_one_does(months, facts):
    admission = Admission(age_months_min=months)
    older = Facts(kind=facts.kind, established_on=date(2015, 1, 1))
    assert RANK[outcome(admission, older)] >= RANK[outcome(admission, facts)]


@pytest.mark.parametrize(
    ("own", "asked", "verdict"),
    [
        ("C13", ("C",), Verdict.MET),
        ("1310", ("13",), Verdict.MET),
        ("1310", ("131",), Verdict.MET),
        ("C13", ("A",), Verdict.NOT_MET),
        ("C", ("13",), Verdict.UNKNOWN),
        ("C13", ("1310",), Verdict.UNKNOWN),
        ("", ("C",), Verdict.UNKNOWN),
    ],
)
def test_an_industry_lies_within_a_wider_one_and_a_wide_one_tells_nothing_of_a_finer(own, asked, verdict):
    facts = Facts(kind=SubjectKind.COMPANY, industry=own)
    assert outcome(Admission(industries=asked), facts) is verdict
    opposite = {Verdict.MET: Verdict.NOT_MET, Verdict.NOT_MET: Verdict.MET}
    excluded = outcome(Admission(excluded_industries=asked), facts)
    assert excluded is opposite.get(verdict, verdict)


def test_the_age_is_counted_in_whole_months():
    admission = Admission(age_months_min=12)
    on_the_day, a_day_short = (
        Facts(kind=SubjectKind.COMPANY, established_on=date(2025, 3, day)) for day in (2, 3)
    )
    assert outcome(admission, on_the_day) is Verdict.MET
    assert found(admission, a_day_short)[0].words == "成立须满12个月；成立11个月：不符合"
