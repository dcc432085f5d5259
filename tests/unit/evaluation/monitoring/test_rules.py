"""What figures say of a version, and which way it may go: values in, values out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.evaluation.fitting import measures
from rongxin.evaluation.monitoring import parameters, rules
from rongxin.evaluation.monitoring.rules import Act, Cell, Signal, State
from rongxin.financing.rules import Performance, Stage, Told, performance

COUNTS = st.lists(st.integers(0, 500), min_size=3, max_size=12)


def test_every_state_says_what_may_be_done_and_every_act_has_an_owner() -> None:
    assert set(rules.TRANSITIONS) == set(State)
    assert set(rules.OWNERS) == set(Act)
    assert rules.TRANSITIONS[State.DRAFT].get(Act.PROMOTE) is None
    assert Act.RETIRE not in rules.TRANSITIONS[State.CHAMPION]
    assert rules.TRANSITIONS[State.RETIRED] == {}


@given(before=COUNTS, data=st.data())
def test_psi_is_nought_for_the_same_shares_and_never_less(before: list[int], data: st.DataObject) -> None:
    after = data.draw(st.lists(st.integers(0, 500), min_size=len(before), max_size=len(before)))
    assert rules.psi(before, [3 * count for count in before]) == pytest.approx(0, abs=1e-12)
    assert rules.psi(before, after) >= 0
    import numpy as np

    if sum(before) and sum(after):
        assert rules.psi(before, after) == pytest.approx(measures.psi(np.array(before), np.array(after)))


def test_a_figure_calls_for_action_from_its_bound_on() -> None:
    limits = parameters.in_force(date(2026, 6, 1))
    bounds = {"watch": limits.psi_watch, "act": limits.psi_act}
    found = [rules.signal(value, **bounds) for value in (0.0999, 0.1, 0.2499, 0.25)]
    assert found == [Signal.STEADY, Signal.WATCH, Signal.WATCH, Signal.ACT]


@given(hits=st.integers(0, 200), more=st.integers(0, 200))
def test_an_interval_holds_its_share_and_stays_between_nought_and_one(hits: int, more: int) -> None:
    low, high = rules.wilson(hits, hits + more, 1.96)
    assert 0 <= low <= high <= 1
    if hits + more:
        assert low <= hits / (hits + more) <= high


@given(st.lists(st.integers(0, 120), min_size=1, max_size=8))
def test_no_small_group_can_be_read_or_subtracted(sizes: list[int]) -> None:
    cells = [Cell(str(n), size) for n, size in enumerate(sizes)]
    hidden = rules.withheld(cells, least=30)
    shown = [cell for cell in cells if cell.word not in hidden and cell.subjects]
    assert all(cell.subjects >= 30 for cell in shown)
    lost = [cell for cell in cells if cell.word in hidden]
    assert len(lost) != 1 or not shown


def told(stage: Stage, on: date, overdue: int | None = None) -> Told:
    money = Decimal("1.00")
    return Told(stage, on, outstanding_cny=money if overdue is not None else None, overdue_days=overdue)


DRAWN = told(Stage.DRAWN, date(2025, 1, 31))


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([DRAWN], Performance.OPEN),
        ([DRAWN, told(Stage.REPAYMENT, date(2025, 12, 1), 89)], Performance.OPEN),
        ([DRAWN, told(Stage.REPAYMENT, date(2025, 12, 1), 90)], Performance.BAD),
        ([DRAWN, told(Stage.REPAYMENT, date(2026, 2, 1), 400)], Performance.GOOD),
        ([DRAWN, told(Stage.REPAYMENT, date(2026, 1, 31), 0)], Performance.GOOD),
        ([DRAWN, told(Stage.SETTLED, date(2025, 3, 1))], Performance.GOOD),
        ([DRAWN, told(Stage.WRITTEN_OFF, date(2025, 9, 1))], Performance.BAD),
        (
            [DRAWN, told(Stage.REPAYMENT, date(2025, 6, 1), 95), told(Stage.SETTLED, date(2025, 8, 1))],
            Performance.BAD,
        ),
    ],
)
def test_silence_is_no_good_loan_and_what_was_overdue_once_is_bad(
    steps: list[Told], found: Performance
) -> None:
    assert performance(steps, overdue_days=90, window_months=12) == (date(2025, 1, 31), found)


def test_what_was_never_drawn_is_no_loan() -> None:
    assert performance([told(Stage.REJECTED, date(2025, 1, 1))], overdue_days=90, window_months=12) is None


@pytest.mark.parametrize(
    ("rates", "found"),
    [([0.01, None, 0.02, 0.2], True), ([0.02, 0.01], False), ([None, 0.1], None), ([], None)],
)
def test_worse_grades_are_held_to_failing_more(rates: list[float | None], found: bool | None) -> None:
    assert rules.worse_grades_fail_more(rates) is found
