"""The states of an application: total, in step with outcomes, and a clock in working days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.financing import rules as outcomes
from rongxin.financing.applying import rules
from rongxin.financing.applying.rules import GROUPS, OWNERS, TELLS, TRANSITIONS, Act, Clock, Done, State
from rongxin.financing.rules import Stage
from rongxin.sharing.quality.rules import Calendar

FRIDAY = date(2026, 3, 6)
CALENDAR = Calendar(holidays=frozenset({date(2026, 3, 9)}))
DONE = st.builds(Done, st.sampled_from(Stage), st.booleans(), st.booleans(), st.booleans(), st.booleans())


def test_every_state_and_act_has_its_place():
    assert TRANSITIONS.keys() == set(State)
    assert OWNERS.keys() == set(Act)
    reached = {state for acts in TRANSITIONS.values() for state in acts.values()}
    assert reached | {State.DRAFT, State.CLOSED} == set(State)
    submitted = set(State) - {State.DRAFT}
    assert sorted(state for group in GROUPS.values() for state in group) == sorted(submitted)


def test_what_an_act_tells_may_follow_what_was_told_before_and_leads_where_the_table_says():
    for state, acts in TRANSITIONS.items():
        if state in (State.DRAFT, State.CLOSED):
            continue
        for act, then in acts.items():
            if (stage := TELLS.get(act)) is None:
                continue
            before = {one for one in Stage if rules.state(Done(one)) is state or state in rules.OPEN}
            before = {Stage.RECEIVED} if state in rules.OPEN else before
            assert all(stage in outcomes.TRANSITIONS[one] for one in before), (state, act)
            assert rules.state(Done(stage)) is then


def test_no_step_of_a_case_is_possible_that_the_table_of_applications_lacks():
    for before, nexts in outcomes.TRANSITIONS.items():
        acts = TRANSITIONS[rules.state(Done(before))]
        told = {TELLS[act] for act in acts if act in TELLS}
        assert nexts == told, before


@given(DONE)
def test_a_decision_outweighs_whatever_was_asked_before_it(done):
    if done.last is not Stage.RECEIVED:
        assert rules.state(done) is rules.state(Done(done.last))
        assert done.answered


@pytest.mark.parametrize(
    ("days", "last"), [(1, date(2026, 3, 10)), (2, date(2026, 3, 11)), (5, date(2026, 3, 16))]
)
def test_the_first_answer_is_due_by_working_days(days, last):
    assert rules.due_on(FRIDAY, days, CALENDAR) == last


@pytest.mark.parametrize(
    ("on", "clock"),
    [
        (date(2026, 3, 6), Clock.RUNNING),  # two working days are left: the 10th and the 11th
        (date(2026, 3, 9), Clock.RUNNING),
        (date(2026, 3, 10), Clock.DUE),
        (date(2026, 3, 11), Clock.DUE),
        (date(2026, 3, 12), Clock.LATE),
    ],
)
def test_word_is_given_a_working_day_before_the_last_and_after_it(on, clock):
    last = date(2026, 3, 11)
    assert rules.clock(False, last, on=on, warn_days=1, calendar=CALENDAR) is clock
    assert rules.clock(True, last, on=on, warn_days=1, calendar=CALENDAR) is Clock.ANSWERED


@given(st.integers(1, 30), st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 60))
def test_a_clock_never_runs_backwards(days, since, later):
    order = [Clock.RUNNING, Clock.DUE, Clock.LATE]
    last = rules.due_on(since, days, CALENDAR)
    told = [
        order.index(rules.clock(False, last, on=since + timedelta(days=n), warn_days=1, calendar=CALENDAR))
        for n in range(later)
    ]
    assert told == sorted(told)
