"""What counts mean: shares that never round up, working days, and the time limits of the annex."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rongxin.catalogue
from rongxin.catalogue import loader
from rongxin.sharing.quality import rules, timeliness, wording
from rongxin.sharing.quality.rules import Arrivals, Calendar, Connection, Figures, Share

DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
WEEKENDS = Calendar()
# Invented: a week off in October of which the Saturday after is worked.
HOLIDAYS = Calendar(
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)), made_up=frozenset({date(2026, 10, 10)})
)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "—"),
        (0, 7, "0.0%"),
        (7, 7, "100.0%"),
        (9999, 10_000, "99.9%"),
        (1, 10_000, "<0.1%"),
        (1, 3, "33.3%"),
    ],
)
def test_a_share_never_says_all_or_nothing_where_it_is_not(part, whole, text):
    assert Share(part, whole).text == text


def test_shares_together_weigh_by_rows():
    assert rules.total([Share(1, 1), Share(0, 99)]) == Share(1, 100)


@given(DAYS, st.integers(1, 30))
def test_a_deadline_is_a_working_day_with_so_many_working_days_behind_it(day, working_days):
    for calendar in (WEEKENDS, HOLIDAYS):
        last = calendar.deadline(day, working_days)
        between = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
        assert calendar.is_working_day(last)
        assert sum(map(calendar.is_working_day, between)) == working_days


@pytest.mark.parametrize(
    ("calendar", "decided_on", "last"),
    [
        (WEEKENDS, date(2026, 3, 2), date(2026, 3, 11)),  # a Monday
        (WEEKENDS, date(2026, 3, 7), date(2026, 3, 17)),  # a Saturday
        (HOLIDAYS, date(2026, 9, 30), date(2026, 10, 15)),  # 8, 9, 10 (worked), 12, 13, 14, 15
        (WEEKENDS, date(2026, 9, 30), date(2026, 10, 9)),
    ],
)
def test_seven_working_days_end_where_a_calendar_says(calendar, decided_on, last):
    assert calendar.deadline(decided_on, 7) == last


def test_the_last_day_is_in_time_and_the_next_is_late():
    decided, last = date(2026, 3, 2), date(2026, 3, 11)
    some = [
        Arrivals(last, decided, 3),
        Arrivals(last + timedelta(days=1), decided, 2),
        Arrivals(last, None, 5),
        Arrivals(last, date(2026, 2, 1), 4),
        Arrivals(last, date(2025, 12, 1), 7),
    ]
    found = rules.judged(some, working_days=7, calendar=WEEKENDS, since=date(2026, 1, 1))
    assert (found.timely, found.late, found.undated, found.backlog) == (3, 6, 5, 7)
    assert found.share == Share(3, 9)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("2021年底", date(2021, 12, 31)),
        ("2022年6月", date(2022, 6, 30)),
        ("2022年9月", date(2022, 9, 30)),
        ("已共享", None),
        ("", None),
    ],
)
def test_the_annex_limits_are_read_as_days(words, day):
    assert rules.due_on(words) == day


def test_every_time_limit_of_the_catalogue_is_a_day_or_known_to_be_none():
    printed = {channel.due for item in loader.load().items.values() for channel in item.channels}
    assert {due for due in printed if rules.due_on(due) is None} == {"", "已共享"}


def test_an_item_stands_to_its_limit_as_its_first_batch_does():
    today = date(2022, 1, 5)
    assert rules.connection("2021年底", date(2021, 12, 31), today=today) is Connection.IN_TIME
    assert rules.connection("2021年底", date(2022, 1, 1), today=today) is Connection.LATE
    assert rules.connection("2021年底", None, today=today) is Connection.OVERDUE
    assert rules.connection("2022年6月", None, today=today) is Connection.AWAITED
    assert rules.connection("已共享", None, today=today) is Connection.MISSING


def test_required_fields_come_first_and_count_rejected_rows_too():
    own = Figures(checked=10, valid=8)
    own.required["uscc"], own.filled["uscc"], own.filled["fine_cny"] = 9, 8, 2
    found = rules.completeness(own, [("fine_cny", "罚款金额", False), ("uscc", "代码", True)])
    assert [(one.name, one.share) for one in found] == [
        ("uscc", Share(9, 10)),
        ("fine_cny", Share(2, 8)),
    ]


def test_months_are_counted_over_the_turn_of_the_year():
    assert rules.months_until("2026-02", 4) == ("2025-11", "2025-12", "2026-01", "2026-02")


def test_every_rule_by_which_a_cell_is_refused_has_words():
    sources = Path(rongxin.catalogue.__file__).parent.rglob("*.py")
    named = {rule for path in sources for rule in re.findall(r'Unclean\(\s*"(\w+)"', path.read_text())}
    assert named
    assert named - wording.known() == set()


def test_the_calendar_on_file_says_whether_it_knows_the_holidays():
    calendar = timeliness.calendar()
    for day in (*calendar.holidays, *calendar.made_up):
        assert (day.weekday() < 5) == (day in calendar.holidays), day
    assert not calendar.covers(date(2026, 1, 1), date(2026, 12, 31)) or calendar.holidays
