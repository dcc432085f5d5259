"""When a batch is due, until when it is in time, and which delivery meets which day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.sharing.quality.rules import Calendar
from rongxin.sharing.schedule import rules
from rongxin.sharing.schedule.rules import Every, Plan, State

SINCE = date(2026, 1, 1)
# Invented: a week off in October of which the Saturday after is worked.
CALENDAR = Calendar(
    holidays=frozenset(date(2026, 10, day) for day in (1, 2, 5, 6, 7)),
    made_up=frozenset({date(2026, 10, 10)}),
)
PLANS = st.one_of(
    st.builds(Plan, st.just(Every.DAY), st.none(), st.integers(0, 5), st.just(SINCE)),
    st.builds(Plan, st.just(Every.WEEK), st.integers(1, 7), st.integers(0, 5), st.just(SINCE)),
    st.builds(Plan, st.just(Every.MONTH), st.integers(1, 31), st.integers(0, 5), st.just(SINCE)),
)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def due_days(plan: Plan, first: date, last: date) -> list[rules.Due]:
    return list(rules.dues(plan, first, last, CALENDAR))


@pytest.mark.parametrize(
    ("plan", "first", "found"),
    [
        (Plan(Every.MONTH, 10, 3, SINCE), date(2026, 9, 1), [("2026-09-10", "2026-09-15")]),
        (Plan(Every.MONTH, 31, 0, SINCE), date(2026, 9, 1), [("2026-09-30", "2026-09-30")]),
        # 3 October is off, and so are the days up to the 7th: due on the 8th, the 10th is worked.
        (Plan(Every.MONTH, 3, 0, SINCE), date(2026, 10, 1), [("2026-10-03", "2026-10-08")]),
        (Plan(Every.MONTH, 3, 2, SINCE), date(2026, 10, 1), [("2026-10-03", "2026-10-10")]),
        (Plan(Every.NEVER, None, 0, SINCE), date(2026, 9, 1), []),
        (Plan(Every.MONTH, 10, 0, date(2026, 9, 11)), date(2026, 9, 1), []),
        (Plan(Every.MONTH, 10, 0, date(2026, 9, 10)), date(2026, 9, 1), [("2026-09-10", "2026-09-10")]),
    ],
)
def test_a_due_day_and_its_deadline_are_where_the_calendar_says(
    plan: Plan, first: date, found: list[tuple[str, str]]
) -> None:
    days = due_days(plan, first, first.replace(day=28) + timedelta(days=2))
    assert [(str(due.due_on), str(due.deadline)) for due in days] == found


def test_weekly_and_daily_plans_have_their_days() -> None:
    week = due_days(Plan(Every.WEEK, 5, 0, SINCE), date(2026, 9, 7), date(2026, 9, 20))
    assert [due.due_on.day for due in week] == [11, 18]
    day = due_days(Plan(Every.DAY, None, 0, SINCE), date(2026, 10, 1), date(2026, 10, 12))
    assert [due.due_on.day for due in day] == [8, 9, 10, 12]


@given(PLANS, DAYS, st.lists(DAYS, max_size=12), DAYS)
def test_each_due_day_stands_in_one_way_and_a_delivery_never_makes_it_worse(
    plan: Plan, first: date, deliveries: list[date], today: date
) -> None:
    days = due_days(plan, first, first + timedelta(days=62))
    order = [State.IN_TIME, State.LATE, State.OPEN, State.MISSING]
    for due in days:
        assert CALENDAR.is_working_day(due.deadline)
        assert due.opens_on <= due.due_on <= due.deadline
        between = [due.due_on + timedelta(days=n) for n in range((due.deadline - due.due_on).days + 1)]
        assert sum(map(CALENDAR.is_working_day, between)) == plan.grace_working_days + 1
    without = rules.standing(days, deliveries[1:], today=today)
    for before, after in zip(without, rules.standing(days, deliveries, today=today), strict=True):
        assert order.index(after.state) <= order.index(before.state)
        assert (after.state is State.MISSING) == (after.delivered_on is None and today > after.due.deadline)


def test_a_delivery_meets_what_has_opened_and_nothing_that_has_not() -> None:
    plan = Plan(Every.MONTH, 10, 3, SINCE)
    days = due_days(plan, date(2026, 3, 1), date(2026, 5, 31))
    seen = rules.standing(days, [date(2026, 3, 12), date(2026, 4, 20)], today=date(2026, 5, 11))
    assert [one.state for one in seen] == [State.IN_TIME, State.LATE, State.OPEN]
    # Handed in on 26 April, May's day has opened: what was open before is caught up by it, too.
    seen = rules.standing(days, [date(2026, 3, 12), date(2026, 4, 26)], today=date(2026, 5, 30))
    assert [one.state for one in seen] == [State.IN_TIME, State.LATE, State.IN_TIME]


@pytest.mark.parametrize(
    ("every", "day", "grace", "right"),
    [
        (Every.DAY, None, 0, True),
        (Every.DAY, 1, 0, False),
        (Every.WEEK, 7, 30, True),
        (Every.WEEK, 8, 0, False),
        (Every.WEEK, None, 0, False),
        (Every.MONTH, 31, 0, True),
        (Every.MONTH, 0, 0, False),
        (Every.NEVER, None, 0, True),
        (Every.MONTH, 1, -1, False),
        (Every.MONTH, 1, 31, False),
    ],
)
def test_a_plan_that_is_none_is_said_to_be(every: Every, day: int | None, grace: int, right: bool) -> None:
    assert (rules.fault(every, day, grace) is None) == right


def test_a_plan_says_itself_in_chinese() -> None:
    assert Plan(Every.MONTH, 10, 3, SINCE).label == "每月10日（宽限3个工作日）"
    assert Plan(Every.WEEK, 5, 0, SINCE).label == "每周五"
    assert Plan(Every.DAY, None, 1, SINCE).label == "每个工作日（宽限1个工作日）"
