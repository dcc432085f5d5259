"""What a product says, what it costs, and in which order products stand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rongxin.evaluation import loading
from rongxin.financing.products import rules
from rongxin.financing.products.rules import GRADES, Repayment
from tests.unit.financing import shelf

AMOUNT = Decimal(120_000)


@pytest.mark.parametrize(
    ("way", "interest"),
    [
        # 120 000 at 6 % for a year: 600 a month on the whole, or on what is still owed.
        (Repayment.INTEREST_MONTHLY, "7200.00"),
        (Repayment.AT_THE_END, "7200.00"),
        (Repayment.EQUAL_PRINCIPAL, "3900.00"),
        (Repayment.EQUAL_INSTALMENTS, "3935.66"),
    ],
)
def test_the_interest_is_that_of_the_way_of_repaying(way, interest):
    cost = shelf.terms(repayment=way, rate_max_bp=600).cost(AMOUNT, 12, 600)
    assert cost.interest_cny == Decimal(interest)


@pytest.mark.parametrize("way", [way for way in Repayment if way is not Repayment.AT_THE_END])
def test_without_fees_the_all_in_cost_is_the_rate_with_its_interest_on_interest(way):
    assert shelf.terms(repayment=way).cost(AMOUNT, 12, 600).annual_bp == 617  # 1.005^12 - 1


def test_a_fee_makes_the_same_rate_dearer_and_is_told_in_the_total():
    plain, priced = shelf.terms(), shelf.terms(fees=[{"label": "评估费", "rate_bp": 100}])
    free, paid = plain.cost(AMOUNT, 12, 600), priced.cost(AMOUNT, 12, 600)
    assert paid.fees_cny == Decimal("1200.00")
    assert paid.total_cny - free.total_cny == Decimal("1200.00")
    assert paid.annual_bp > free.annual_bp + 90


def test_a_yearly_fee_is_paid_for_every_year_begun():
    fee = {"label": "担保费", "fixed_cny": "500", "every_year": True}
    assert shelf.terms(fees=[fee]).cost(AMOUNT, 13, 600).fees_cny == Decimal(1000)


@given(
    months=st.integers(1, 60),
    rates=st.tuples(st.integers(0, 1500), st.integers(0, 1500)),
    way=st.sampled_from(Repayment),
)
def test_a_higher_rate_never_costs_less_and_all_is_paid_back(months, rates, way):
    terms, (low, high) = shelf.terms(repayment=way), sorted(rates)
    cheap, dear = (terms.cost(AMOUNT, months, rate) for rate in (low, high))
    assert Decimal(0) <= cheap.interest_cny <= dear.interest_cny
    assert cheap.annual_bp <= dear.annual_bp


def test_who_guarantees_asks_a_share_of_the_amount_a_year():
    terms = shelf.terms(kind="guarantee", security=["guarantee"], rate_min_bp=80, rate_max_bp=100)
    cost = terms.cost(AMOUNT, 24, 100)
    assert (cost.total_cny, cost.annual_bp) == (Decimal("2400.00"), 100)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amount_min_cny": "600000"}, "金额下限"),
        ({"term_min_months": 36}, "期限下限"),
        ({"rate_min_bp": 700}, "年利率下限"),
        ({"rate_max_bp": 3700}, "3600"),
        ({"fees": [{"label": "砍头息", "rate_bp": 3000}]}, "综合年化成本"),
        ({"fees": [{"label": "评估费"}]}, "评估费"),
        ({"consent_template": ""}, "公平使用范本"),
        ({"admission": {"regions": ["123456"]}}, "没有此行政区划代码：123456"),
        ({"admission": {"industries": ["ZZ"]}}, "没有此行业代码"),
        ({"admission": {"grade_min": "A+"}}, "信用等级"),
        ({"summary": "联系13812345678"}, "手机号"),
        ({"amount_max_cny": "1.234"}, "amount_max_cny"),
        ({"admission": {"colour": "red"}}, "colour"),
    ],
)
def test_terms_that_cannot_be_are_refused_with_the_place(changes, says):
    with pytest.raises(ValidationError, match=says):
        shelf.terms(**changes)


def test_a_low_rate_with_a_high_fee_does_not_stand_first():
    honest = shelf.terms(name="实惠贷", rate_min_bp=500, rate_max_bp=500)
    teaser = shelf.terms(
        name="低息贷", rate_min_bp=100, rate_max_bp=100, fees=[{"label": "服务费", "rate_bp": 500}]
    )
    assert sorted([teaser, honest], key=rules.order) == [honest, teaser]


def test_grades_are_those_that_the_evaluation_gives():
    assert list(loading.load(None).grades.grades) == list(GRADES)
