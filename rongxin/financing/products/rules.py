"""融资产品: what an institution offers, to whom, and what it costs, so that offers can be laid side by side.

Pure. The all-in cost is told beside the rate because a fee is a price, too (人民银行公告〔2021〕第3号:
明示贷款年化利率, 待核).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from rongxin.catalogue import codelists, redaction, regions
from rongxin.financing.rules import AMOUNT_MAX_CNY, RATE_MAX_BP, TERM_MAX_MONTHS, Security
from rongxin.parties.rules.size_class import SizeClass
from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.subject_kind import SubjectKind

#: The grades of the public score, the best first; `evaluation` gives them.
GRADES = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C")
EXAMPLE_CNY = Decimal(100_000)
EXAMPLE_MONTHS = 12
_CENT = Decimal("0.01")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


class ProductKind(Labelled):
    """What is offered."""

    LOAN = "loan", "贷款", "loan"
    CREDIT_LINE = "credit_line", "循环额度", "credit line"
    GUARANTEE = "guarantee", "融资担保", "guarantee"
    INSURANCE = "insurance", "信用保证保险", "credit insurance"

    @property
    def lends(self) -> bool:
        """Whether the firm gets the amount; else it pays a rate on what somebody else lends."""
        return self in (ProductKind.LOAN, ProductKind.CREDIT_LINE)


class Repayment(Labelled):
    """还款方式."""

    INTEREST_MONTHLY = "interest_monthly", "按月付息、到期还本", "interest monthly, principal at the end"
    EQUAL_INSTALMENTS = "equal_instalments", "等额本息", "equal instalments"
    EQUAL_PRINCIPAL = "equal_principal", "等额本金", "equal principal"
    AT_THE_END = "at_the_end", "到期一次还本付息", "all at the end"


class State(StrEnum):
    """Where a version of a product stands; what is published never changes, another takes its place."""

    PROPOSED = "proposed"
    PUBLISHED = "published"
    DECLINED = "declined"
    SUPERSEDED = "superseded"
    RETIRED = "retired"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    State.PROPOSED: "待复核",
    State.PUBLISHED: "已发布",
    State.DECLINED: "未通过复核",
    State.SUPERSEDED: "已被新版取代",
    State.RETIRED: "已下架",
}


class Act(StrEnum):
    """What can be done with a version."""

    PUBLISH = "publish"
    DECLINE = "decline"
    SUPERSEDE = "supersede"
    RETIRE = "retire"


TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.PROPOSED: {Act.PUBLISH: State.PUBLISHED, Act.DECLINE: State.DECLINED},
    State.PUBLISHED: {Act.SUPERSEDE: State.SUPERSEDED, Act.RETIRE: State.RETIRED},
    State.DECLINED: {},
    State.SUPERSEDED: {},
    State.RETIRED: {},
}
OWNERS: Mapping[Act, str] = dict.fromkeys(Act, "institution")

_Words = Annotated[str, Field(min_length=1, max_length=200)]
_Months = Annotated[int, Field(ge=1, le=TERM_MAX_MONTHS)]
_Rate = Annotated[int, Field(ge=0, le=RATE_MAX_BP)]
_Money = Annotated[Decimal, Field(gt=0, le=AMOUNT_MAX_CNY, decimal_places=2)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fee(_Part):
    """A price beside the rate: a share of the amount or a sum, paid once or every year begun."""

    label: Annotated[str, Field(min_length=1, max_length=40)]
    rate_bp: _Rate | None = None
    fixed_cny: _Money | None = None
    every_year: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.rate_bp is None) == (self.fixed_cny is None):
            raise ValueError(f"费用“{self.label}”须填 rate_bp（占金额的比例）或 fixed_cny（元）之一")
        return self

    def of(self, amount_cny: Decimal) -> Decimal:
        """What it comes to, each time."""
        if self.fixed_cny is not None:
            return self.fixed_cny
        return _cents(amount_cny * (self.rate_bp or 0) / 10_000)


class Admission(_Part):
    """准入条件: who may apply, by public facts alone. What is left out is not asked."""

    regions: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    excluded_industries: tuple[str, ...] = ()
    size_classes: tuple[SizeClass, ...] = ()
    subject_kinds: tuple[SubjectKind, ...] = ()
    age_months_min: Annotated[int, Field(ge=1, le=600)] | None = None
    grade_min: str | None = None

    @field_validator("regions")
    @classmethod
    def _regions_exist(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [code for code in codes if not regions.known(code)]:
            raise ValueError(f"没有此行政区划代码：{'、'.join(unknown)}")
        return codes

    @field_validator("industries", "excluded_industries")
    @classmethod
    def _industries_exist(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        known = codelists.get("gbt_4754_2017")
        if unknown := [code for code in codes if known.find(code) is None]:
            raise ValueError(f"没有此行业代码（GB/T 4754）：{'、'.join(unknown)}")
        return codes

    @field_validator("grade_min")
    @classmethod
    def _grade_exists(cls, grade: str | None) -> str | None:
        if grade is not None and grade not in GRADES:
            raise ValueError(f"信用等级为：{'、'.join(GRADES)}")
        return grade


class Terms(_Part):
    """All that a version of a product says. Money in yuan, rates in hundredths of a percent a year."""

    name: Annotated[str, Field(min_length=2, max_length=60)]
    kind: ProductKind
    summary: _Words
    amount_min_cny: _Money
    amount_max_cny: _Money
    term_min_months: _Months
    term_max_months: _Months
    rate_min_bp: _Rate
    rate_max_bp: _Rate
    repayment: Repayment = Repayment.INTEREST_MONTHLY
    fees: Annotated[tuple[Fee, ...], Field(max_length=10)] = ()
    security: Annotated[tuple[Security, ...], Field(min_length=1, max_length=4)]
    admission: Admission = Admission()
    # What is asked for: items that need the firm's consent, under which fair-use template, and papers.
    items: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    consent_template: str = ""
    papers: Annotated[tuple[_Words, ...], Field(max_length=10)] = ()
    first_answer_days: Annotated[int, Field(ge=1, le=60)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for low, high, what in (
            (self.amount_min_cny, self.amount_max_cny, "金额"),
            (self.term_min_months, self.term_max_months, "期限"),
            (self.rate_min_bp, self.rate_max_bp, "年利率"),
        ):
            if low > high:
                raise ValueError(f"{what}下限 {low} 大于上限 {high}，请核对")
        if self.items and not self.consent_template:
            raise ValueError("列出须授权的信息项时，请写明公平使用范本 consent_template")
        words = (self.name, self.summary, *self.papers, *(fee.label for fee in self.fees))
        if any(redaction.holds_number(text) for text in words):
            raise ValueError("产品说明中似有个人证件号码、手机号或银行卡号，请删去")
        if any(_UNPRINTABLE.search(text) for text in words):
            raise ValueError("产品说明中含有控制字符，请删去")
        dearest = self.example(self.rate_max_bp)
        if dearest.annual_bp > RATE_MAX_BP:
            raise ValueError(
                f"按利率上限并计入费用，综合年化成本为 {percent(dearest.annual_bp)}，"
                f"超过 {percent(RATE_MAX_BP)}，请核对利率与费用"
            )
        return self

    @property
    def example_terms(self) -> tuple[Decimal, int]:
        """For which amount and how many months the example stands: the usual, if the product has them."""
        amount = min(max(EXAMPLE_CNY, self.amount_min_cny), self.amount_max_cny)
        return amount, min(max(EXAMPLE_MONTHS, self.term_min_months), self.term_max_months)

    def example(self, rate_bp: int) -> Cost:
        """What the example comes to at a rate."""
        amount, months = self.example_terms
        return self.cost(amount, months, rate_bp)

    def cost(self, amount_cny: Decimal, months: int, rate_bp: int) -> Cost:
        """What an amount for so many months comes to at a yearly rate."""
        if self.kind.lends:
            return _of_loan(self, amount_cny, months, rate_bp)
        interest = _cents(amount_cny * rate_bp * months / 120_000)
        fees = sum(self.fees_by_month(amount_cny, months).values(), Decimal(0))
        yearly = (interest + fees) / amount_cny * 12 / months
        return Cost(interest_cny=interest, fees_cny=fees, annual_bp=_whole(yearly * 10_000))

    def fees_by_month(self, amount_cny: Decimal, months: int) -> dict[int, Decimal]:
        """Return what is paid in fees at the end of which month; 0 is the day on which all begins."""
        paid: dict[int, Decimal] = {0: Decimal(0)}
        for fee in self.fees:
            for month in range(0, months if fee.every_year else 1, 12):
                paid[month] = paid.get(month, Decimal(0)) + fee.of(amount_cny)
        return paid


class Cost(_Part):
    """What a loan costs beside the principal; `annual_bp` counts interest and all fees, as a yearly rate."""

    interest_cny: Decimal
    fees_cny: Decimal
    annual_bp: int

    @property
    def total_cny(self) -> Decimal:
        return self.interest_cny + self.fees_cny


def percent(rate_bp: int) -> str:
    """Return a rate as people read it."""
    return f"{rate_bp / 100:.2f}%"


def order(terms: Terms) -> tuple[int, int, str]:
    """Return by what offers are put in order: the highest all-in cost, the lowest, the name.

    Nothing else counts: no place is sold, and a teaser rate or a fee beside the rate moves nothing up.
    """
    return terms.example(terms.rate_max_bp).annual_bp, terms.example(terms.rate_min_bp).annual_bp, terms.name


ORDER = "按综合年化成本（利率上限、计入全部费用）从低到高；相同的依次按下限和名称。没有付费排名。"


def _of_loan(terms: Terms, amount: Decimal, months: int, rate_bp: int) -> Cost:
    payments, interest = _schedule(terms.repayment, amount, months, Decimal(rate_bp) / 120_000)
    fees = terms.fees_by_month(amount, months)
    flows = [amount - fees[0], *(-payment - fees.get(n, 0) for n, payment in enumerate(payments, start=1))]
    yearly = ((1 + _monthly_return(flows)) ** 12 - 1) * 10_000
    total = sum(fees.values(), Decimal(0))
    return Cost(interest_cny=interest, fees_cny=total, annual_bp=_whole(Decimal(yearly)))


def _schedule(
    way: Repayment, amount: Decimal, months: int, monthly: Decimal
) -> tuple[list[Decimal], Decimal]:
    """Return what is paid at the end of each month, and the interest in it."""
    level = amount / months
    if way is Repayment.EQUAL_INSTALMENTS and monthly:
        level = amount * monthly / (1 - (1 + monthly) ** -months)
    owed, payments = amount, []
    for month in range(1, months + 1):
        interest, last = _cents(owed * monthly), month == months
        match way:
            case Repayment.INTEREST_MONTHLY:
                principal = owed if last else Decimal(0)
            case Repayment.AT_THE_END:
                principal = owed if last else Decimal(0)
                interest = _cents(amount * monthly * months) if last else Decimal(0)
            case Repayment.EQUAL_PRINCIPAL:
                principal = owed if last else _cents(level)
            case Repayment.EQUAL_INSTALMENTS:
                principal = owed if last else min(owed, _cents(level) - interest)
        payments.append(principal + interest)
        owed -= principal
    return payments, sum(payments, Decimal(0)) - amount


def _monthly_return(flows: list[Decimal]) -> float:
    """Return the internal rate of return by month; what is got first is paid back later, so there is one."""
    values = [float(flow) for flow in flows]
    if values[0] <= 0:
        return 1.0  # the fees eat the loan: beyond any bound
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        worth = sum(value / (1 + middle) ** n for n, value in enumerate(values))
        low, high = (middle, high) if worth < 0 else (low, middle)
    return (low + high) / 2


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def _whole(number: Decimal) -> int:
    return int(number.quantize(Decimal(1), ROUND_HALF_UP))
