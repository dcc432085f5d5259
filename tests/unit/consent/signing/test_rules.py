"""How many sign, who counts, and from when another number holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.consent.signing import policy, rules
from rongxin.consent.signing.rules import TRANSITIONS, Act, Demand, State

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PEOPLE = st.frozensets(st.sampled_from("abcdef"))


def test_where_a_firm_says_nothing_one_signs() -> None:
    assert rules.needed([], NOW) == 1


def test_a_rule_holds_from_its_moment_on_and_the_last_one_counts() -> None:
    demands = [Demand(3, NOW + timedelta(days=9)), Demand(2, NOW)]
    assert [rules.needed(demands, NOW + timedelta(days=days)) for days in (-1, 0, 8, 9)] == [1, 2, 2, 3]


@given(PEOPLE, PEOPLE, st.integers(1, 6))
def test_nobody_counts_who_may_not_sign(signed: frozenset[str], people: frozenset[str], needed: int) -> None:
    assert rules.complete(signed, people, needed=needed) == (len(signed & people) >= needed)


@given(PEOPLE, PEOPLE, st.integers(1, 6))
def test_to_loosen_takes_everybody_who_is_asked_and_time_where_they_are_too_few(
    signed: frozenset[str], asked: frozenset[str], old: int
) -> None:
    moment = rules.agreed_from(signed, asked, old=old, wait_days=15, as_of=NOW)
    if not asked or not asked <= signed:
        assert moment is None
    else:
        assert moment == (NOW if len(asked) >= old else NOW + timedelta(days=15))


def test_what_waits_never_waits_past_a_bound() -> None:
    assert rules.lapses_on(date(2026, 3, 2), 7) == date(2026, 3, 9)
    assert rules.lapses_on(date(2026, 3, 2), 7, date(2026, 3, 5)) == date(2026, 3, 5)


def test_every_state_has_its_acts_and_only_what_awaits_has_any() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {state for state, acts in TRANSITIONS.items() if acts} == {State.AWAITING}
    assert set(TRANSITIONS[State.AWAITING]) == set(Act)


@pytest.mark.parametrize("edition", policy.editions(), ids=lambda edition: edition.edition)
def test_an_edition_says_whence_its_numbers_are(edition: policy.Policy) -> None:
    assert "自定" in edition.citation
    assert edition.people_max >= 2
