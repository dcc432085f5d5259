"""The closed word lists: stable identifiers, names for people, articles for reasons."""

from __future__ import annotations

import pickle
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.vocabulary import industry, region
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.level import Level
from rongxin.vocabulary.openness import Openness
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.region import RegionLevel
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict
from rongxin.vocabulary.whose import Whose

LISTS: list[type[Labelled] | type[Reason]] = [
    *(SubjectKind, SharingMode, Level, Openness, Whose, Purpose, Verdict, Availability, RegionLevel, Reason)
]


@pytest.mark.parametrize("words", LISTS)
def test_every_word_has_a_chinese_and_an_english_name(words: type[Labelled]) -> None:
    for word in words:
        assert any("\u4e00" <= character <= "\u9fff" for character in word.label), word
        assert word.label_en.isascii(), word
        assert word.label_en, word


@pytest.mark.parametrize("words", LISTS)
def test_every_word_is_its_own_lower_case_name_and_survives_a_pickle(words: type[Labelled]) -> None:
    for word in words:
        assert word.value == word.name.lower()
        assert words(word.value) is word
        assert pickle.loads(pickle.dumps(word)) is word


@pytest.mark.parametrize("words", LISTS)
def test_no_two_words_of_a_list_read_the_same(words: type[Labelled]) -> None:
    assert len({word.label for word in words}) == len(words)


def test_every_reason_names_its_place_in_the_notice() -> None:
    for reason in Reason:
        assert reason.article.startswith("国办发〔2021〕52号 ")
        assert "（" in reason.article or "附件" in reason.article


def test_four_answers_about_nothing_read_differently() -> None:
    """`source_not_connected`, `no record`, `not applicable` and `provider unavailable` are four words."""
    four = ("NO_RECORD", "NOT_APPLICABLE", "PROVIDER_UNAVAILABLE", "SOURCE_NOT_CONNECTED")
    assert len({Availability[name].label for name in four}) == 4


def test_an_actor_reads_as_kind_id_and_party() -> None:
    assert str(Actor(ActorKind.ACCOUNT, "7", "institution:bank_a")) == "account:7@institution:bank_a"
    assert str(SYSTEM) == "system:node"


@given(st.dates(), st.dates(), st.dates())
def test_a_period_holds_its_ends_and_what_is_between(one: date, other: date, day: date) -> None:
    period = Period(min(one, other), max(one, other))
    assert period.contains(period.from_)
    assert period.contains(period.to)
    assert period.contains(day) == (period.from_ <= day <= period.to)
    assert Period.parse(str(period)) == period
    assert period.covers(period)


def test_a_period_never_ends_before_it_begins() -> None:
    with pytest.raises(ValueError, match="ends before"):
        Period.parse("2024-02-01/2024-01-31")


def test_a_period_covers_only_what_lies_wholly_within() -> None:
    year = Period.parse("2024-01-01/2024-12-31")
    assert year.covers(Period.parse("2024-03-01/2024-12-31"))
    assert not year.covers(Period.parse("2024-03-01/2025-01-01"))


@pytest.mark.parametrize(
    ("code", "level"),
    [("100000", "nation"), ("330000", "province"), ("330100", "prefecture"), ("330106", "county")],
)
def test_a_region_code_tells_its_level(code: str, level: str) -> None:
    assert region.level(code) == level


@pytest.mark.parametrize("code", ["", "33", "033000", "33010A", "3301066", "３３０１０６"])
def test_what_is_no_region_code_has_no_level(code: str) -> None:
    assert not region.well_formed(code)
    with pytest.raises(ValueError, match="region code"):
        region.level(code)


@pytest.mark.parametrize(
    ("outer", "within"),
    [
        ("100000", True),
        ("330000", True),
        ("330100", True),
        ("330106", True),
        ("330200", False),
        ("320000", False),
        ("330108", False),
    ],
)
def test_a_region_lies_in_what_it_is_a_part_of(outer: str, within: bool) -> None:
    assert region.lies_in("330106", outer) is within


def test_an_industry_code_tells_its_division() -> None:
    assert industry.division("C1310") == industry.division("13") == "13"
    assert industry.division("C") is None
    assert industry.is_section("T")
    assert not industry.is_section("U")
    assert not industry.well_formed("C131000")
