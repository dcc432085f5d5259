"""The law of objections as tables: whole, and the same whoever asks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.rights import policy
from rongxin.rights.errors import RightsError
from rongxin.rights.rules import objection as rules
from rongxin.rights.rules.objection import OPEN, OWNERS, TRANSITIONS, Act, Owner, Route, State
from rongxin.vocabulary import edition as dated

TODAY = date(2026, 3, 2)


def test_every_state_has_its_ways_and_every_act_an_owner() -> None:
    assert set(TRANSITIONS) == set(State)
    assert set(OWNERS) == set(Act)
    assert {act for ways in TRANSITIONS.values() for act in ways} == set(Act)
    assert {state for state, ways in TRANSITIONS.items() if ways} == OPEN


@given(st.sampled_from(Act), st.sampled_from(State), st.sampled_from(Owner), st.sampled_from(Route))
def test_nobody_may_what_the_tables_do_not_say(act: Act, state: State, owner: Owner, route: Route) -> None:
    if rules.may(act, state, owner, route):
        assert act in TRANSITIONS[state]
        assert owner in OWNERS[act]
    decides = act in (Act.UPHOLD, Act.REJECT) and owner is Owner.OPERATOR
    if decides and route is Route.PROVIDER and state is not State.ESCALATED:
        assert not rules.may(act, state, owner, route)


@given(st.integers(-40, 40))
def test_late_is_after_the_last_day_and_not_on_it(days: int) -> None:
    due = TODAY + timedelta(days=days)
    assert rules.overdue(State.FORWARDED, due, TODAY) is (days < 0)
    assert not rules.overdue(State.REJECTED, due, TODAY)


def test_court_tax_and_market_regulator_have_routes_and_clocks_of_their_own() -> None:
    edition = policy.objections_on(TODAY)
    ways = {item: edition.way(item)[:2] for item in ("dishonest_judgment_debtor", "tax_arrears")}
    assert ways == {"dishonest_judgment_debtor": (Route.OPERATOR, 15), "tax_arrears": (Route.PROVIDER, 15)}
    assert edition.way("abnormal_operations_list")[1] == edition.way("housing_fund")[1] == 20


def test_a_faulty_parameter_file_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    good = (policy.DIRECTORY / "objections_2026-01-01.yaml").read_text()
    path = tmp_path / "objections_2027-01-01.yaml"
    path.write_text(good.replace("[7, 2]", "[2, 7]"))
    with pytest.raises(RightsError, match="objections_2027-01-01"):
        dated.load(path, policy.Objections, broken=RightsError)
