"""The line of life of a case: what may be told, in which order, within which bounds."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.financing import rules
from rongxin.financing.rules import FINAL, FIRST, TRANSITIONS, Rejection, Security, Stage, Told

TODAY = date(2026, 3, 2)
DAY = date(2026, 1, 5)
RECEIVED = Told(Stage.RECEIVED, DAY, amount_cny=Decimal("500000.00"))
APPROVED = Told(
    Stage.APPROVED,
    DAY + timedelta(days=3),
    amount_cny=Decimal("300000.00"),
    rate_bp=435,
    term_months=12,
    security=Security.CREDIT,
)
DRAWN = Told(Stage.DRAWN, DAY + timedelta(days=5), amount_cny=Decimal("300000.00"))
PAID = Told(Stage.REPAYMENT, DAY + timedelta(days=36), outstanding_cny=Decimal("275000.00"), overdue_days=0)
SETTLED = Told(Stage.SETTLED, DAY + timedelta(days=50))
EACH = {
    Stage.REJECTED: Told(Stage.REJECTED, DAY, rejection=Rejection.INFORMATION),
    Stage.CANCELLED: Told(Stage.CANCELLED, DAY),
    Stage.WRITTEN_OFF: Told(Stage.WRITTEN_OFF, DAY, amount_cny=Decimal("1.00")),
} | {told.stage: told for told in (RECEIVED, APPROVED, DRAWN, PAID, SETTLED)}


def at(stage: Stage, day: date) -> Told:
    values = {name: getattr(EACH[stage], name) for name in Told.__dataclass_fields__}
    return Told(**(values | {"on": day}))


def test_a_loan_from_application_to_the_last_payment_can_be_told():
    assert rules.line_problem([RECEIVED, APPROVED, DRAWN, PAID, SETTLED], today=TODAY) is None


@given(st.lists(st.sampled_from(list(Stage)), max_size=6))
def test_a_line_stands_only_where_every_step_follows_from_the_one_before(stages):
    steps = [at(stage, DAY + timedelta(days=n)) for n, stage in enumerate(stages)]
    lawful = all(
        after in (TRANSITIONS[before] if before else FIRST)
        for before, after in zip([None, *stages], stages, strict=False)
    )
    assert (rules.line_problem(steps, today=TODAY) is None) == lawful


def test_after_a_final_step_nothing_but_a_recovery_follows():
    assert {after for stage in FINAL for after in TRANSITIONS[stage]} == {Stage.SETTLED}


@given(st.lists(st.sampled_from(list(Stage)), min_size=1, max_size=5), st.data())
def test_in_the_place_of_a_step_stand_those_with_which_the_line_stands(stages, data):
    place = data.draw(st.integers(0, len(stages) - 1))
    before = stages[place - 1] if place else None
    after = stages[place + 1] if place + 1 < len(stages) else None
    for one in Stage:
        around = [stage for stage in (before, one, after) if stage]
        steps = [at(stage, DAY + timedelta(days=n)) for n, stage in enumerate(around)]
        found = rules.line_problem(steps, today=TODAY) if before is None else _after(before, steps)
        assert (one in rules.between(before, after)) == (found is None), (before, one, after)


def _after(before, steps):
    """Say what is wrong with a line, its first step granted."""
    return next((rules.problem(one, steps[:n], today=TODAY) for n, one in enumerate(steps) if n
                 and rules.problem(one, steps[:n], today=TODAY)), None)  # fmt: skip


def test_what_a_stage_tells_is_enough_and_nothing_of_it_too_much():
    for stage, told in EACH.items():
        given = set(told.document()) - {"stage", "on"}
        values = rules.values_of(stage)
        assert {name for name, must in values.items() if must} <= given <= set(values)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"on": TODAY + timedelta(days=1)}, "将来"),
        ({"on": date(1899, 1, 1)}, "过早"),
        ({"amount_cny": None}, "amount_cny"),
        ({"amount_cny": Decimal("0")}, "大于零"),
        ({"amount_cny": Decimal("-1")}, "超出范围"),
        ({"amount_cny": Decimal("1.001")}, "两位小数"),
        ({"amount_cny": Decimal("1e14")}, "超出范围"),
        ({"amount_cny": Decimal("NaN")}, "超出范围"),
        ({"rate_bp": 435}, "不填报 年利率（rate_bp）"),
    ],
)
def test_it_says_what_is_wrong_with_a_step(changes, says):
    values = {name: getattr(RECEIVED, name) for name in Told.__dataclass_fields__}
    assert says in rules.problem(Told(**(values | changes)), [], today=TODAY)


def test_repayment_is_told_once_a_day_and_never_backwards():
    before = [RECEIVED, APPROVED, DRAWN, PAID]
    assert "已反馈" in rules.problem(at(Stage.REPAYMENT, PAID.on), before, today=TODAY)
    assert "早于" in rules.problem(at(Stage.REPAYMENT, DAY), before, today=TODAY)
    more_late_than_owed = Told(
        Stage.REPAYMENT,
        PAID.on + timedelta(days=9),
        outstanding_cny=Decimal(5),
        overdue_days=3,
        overdue_cny=Decimal(6),
    )
    assert "overdue_cny" in rules.problem(more_late_than_owed, before, today=TODAY)
