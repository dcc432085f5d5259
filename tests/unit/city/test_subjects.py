"""Subjects: all kinds and sizes, sparse records, latent health behind all of them, and nobody real."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest

from rongxin.city import generation, invention, people, sectors, stories, words
from rongxin.city.city import City
from rongxin.city.streams import Stream
from rongxin.city.subjects import IN_BUSINESS, Subject
from rongxin.vocabulary import uscc
from rongxin.vocabulary.subject_kind import SubjectKind

CITY = City(7, generation.AS_OF)


@cache
def _ordinary() -> tuple[Subject, ...]:
    return tuple(CITY.subjects(stories.RESERVED, 3_000))


@cache
def _having(item: str) -> tuple[Subject, ...]:
    return tuple(subject for subject in _ordinary() if list(invention.rows(CITY, subject, item)))


def _mean_health(subjects: tuple[Subject, ...]) -> float:
    return sum(subject.health for subject in subjects) / len(subjects)


def test_it_invents_all_kinds_and_sizes() -> None:
    kinds = Counter(subject.kind for subject in _ordinary())
    sizes = Counter(subject.size.step for subject in _ordinary())

    assert set(kinds) == set(SubjectKind)
    assert kinds[SubjectKind.INDIVIDUAL_BUSINESS] > kinds[SubjectKind.FARMER_COOPERATIVE] > 50
    assert sizes["micro"] > sizes["small"] > sizes["medium"] > sizes["large"] > 0


def test_it_gives_codes_that_are_valid_of_the_right_kind_and_of_no_real_region() -> None:
    for subject in _ordinary():
        found = uscc.examine(subject.uscc)
        assert (found.acceptable, found.inner_ok) == (True, True)
        assert uscc.kind(subject.uscc) is subject.kind
        assert uscc.region(subject.uscc).startswith("9901")


def test_it_gives_every_subject_a_code_and_all_but_the_name_clash_a_name_of_its_own() -> None:
    subjects = (*_ordinary(), *CITY.subjects(0, stories.RESERVED))

    names = [subject.name for subject in subjects if not subject.story.startswith("name_clash")]
    assert len(set(names)) == len(names)
    assert len({subject.uscc for subject in subjects}) == len(subjects)
    assert all(subject.name.startswith("云州") for subject in subjects)


@pytest.mark.parametrize("seed", [0, 7, 2**40])
def test_it_never_gives_two_numbers_one_brand(seed: int) -> None:
    assert len(words.BRAND) == len(set(words.BRAND))
    numbers = (*range(20_000), *range(1_000_000, 1_010_000))
    assert len({words.brand(seed, number) for number in numbers}) == len(numbers)


def test_it_gives_identity_numbers_with_a_right_check_character_in_no_real_region() -> None:
    assert people.id_number("11010119900307123") == "110101199003071233"
    draw = Stream("person")
    for place in (*range(200), people.NUMBERS - 1):
        number = people.invent(draw, "990103", place).id_number
        assert re.fullmatch(r"990103(19[6-9]\d|200[01])\d{7}[0-9X]", number)
        assert people.id_number(number[:17]) == number


@pytest.mark.parametrize("scale", sectors._document()["scales"])
@pytest.mark.parametrize("step", sectors.STEPS)
def test_it_draws_figures_that_lie_in_the_size_class(scale: str, step: str) -> None:
    draw, rank = Stream(scale, step), sectors.STEPS.index(step)
    bounds = sectors._document()["scales"][scale]
    for _ in range(200):
        size = sectors.size(draw, scale, step)
        figures = {"employees": size.employees, "revenue": size.revenue, "assets": size.assets}
        reached = min(sum(figures[name] >= low for low in lower) for name, lower in bounds.items())
        assert reached == rank, (figures, bounds)


@pytest.mark.parametrize(
    ("item", "least", "most"),
    [
        ("dishonest_judgment_debtor", 0.001, 0.012),
        ("administrative_penalty", 0.03, 0.13),
        ("court_judgment", 0.015, 0.08),
        ("terminated_enforcement", 0.002, 0.02),
        ("trademark", 0.03, 0.12),
        ("customs_registration", 0.015, 0.07),
        ("administrative_permit", 0.25, 0.6),
        ("electricity_fee", 0.4, 0.75),
        ("business_licence", 1.0, 1.0),
    ],
)
def test_it_is_as_sparse_as_real_data(item: str, least: float, most: float) -> None:
    assert least <= len(_having(item)) / len(_ordinary()) <= most


@pytest.mark.parametrize(
    "item",
    [
        "dishonest_judgment_debtor",
        "terminated_enforcement",
        "court_judgment",
        "administrative_penalty",
        "administrative_compulsion",
        "abnormal_operations_list",
    ],
)
def test_adverse_records_gather_where_health_is_low(item: str) -> None:
    assert _mean_health(_having(item)) < _mean_health(_ordinary()) - 0.3


@pytest.mark.parametrize("item", ["honours", "policy_support"])
def test_honours_gather_where_health_is_high(item: str) -> None:
    assert _mean_health(_having(item)) > _mean_health(_ordinary()) + 0.2


def test_taxes_and_grades_follow_health_and_bills_follow_the_trend() -> None:
    by_grade: dict[str, list[float]] = {}
    falling: dict[bool, list[float]] = {True: [], False: []}
    for subject in _ordinary():
        for row in invention.rows(CITY, subject, "taxpayer_credit_rating"):
            by_grade.setdefault(row["taxpayer_credit_grade"], []).append(subject.health)
        for row in invention.rows(CITY, subject, "electricity_fee"):
            less = row["electricity_charge_cny_avg_3m"] < row["electricity_charge_cny_avg_12m"]
            falling[less].append(subject.trend)

    means = {grade: sum(values) / len(values) for grade, values in by_grade.items()}
    assert means["A"] > means["B"] > means["C"] > means["D"]
    assert sum(falling[True]) / len(falling[True]) < sum(falling[False]) / len(falling[False]) - 0.5


def test_some_have_gone_out_of_business_and_then_pay_no_bills() -> None:
    gone = [subject for subject in _ordinary() if subject.status != IN_BUSINESS]

    assert 0.05 < len(gone) / len(_ordinary()) < 0.25
    assert not any(list(invention.rows(CITY, subject, "electricity_fee")) for subject in gone)


def test_it_refers_only_to_subjects_that_a_smaller_city_also_has() -> None:
    draw = Stream("others")
    for subject in CITY.subjects(stories.RESERVED, 300):
        other = CITY.other(subject, draw)
        assert (other is None) == (subject.number == stories.RESERVED)
        assert other is None or stories.RESERVED <= other.number < subject.number
