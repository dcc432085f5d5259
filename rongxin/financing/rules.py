"""结果反馈: what became of a loan case, in the order in which it can happen ((七)).

Pure: no clock, no database. An outcome is one step of a case on one day; its steps form one line of life.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.period import months_later

AMOUNT_MAX_CNY = Decimal("1e13")  # ten trillion yuan: beyond it, somebody has mistaken the unit
RATE_MAX_BP = 3_600  # 36 % a year, above which no court lends its hand
TERM_MAX_MONTHS = 600
OVERDUE_MAX_DAYS = 36_500


class Stage(Labelled):
    """What happened to a case."""

    RECEIVED = "received", "已受理", "application received"
    APPROVED = "approved", "已批准", "approved"
    REJECTED = "rejected", "未批准", "rejected"
    CANCELLED = "cancelled", "申请人撤回", "cancelled by the applicant"
    DRAWN = "drawn", "已放款", "drawn"
    REPAYMENT = "repayment", "还款情况", "state of repayment"
    SETTLED = "settled", "已结清", "settled"
    WRITTEN_OFF = "written_off", "已核销", "written off"


class Security(Labelled):
    """担保方式: on what a loan rests."""

    CREDIT = "credit", "信用", "unsecured"
    GUARANTEE = "guarantee", "保证", "guaranteed"
    MORTGAGE = "mortgage", "抵押", "mortgage"
    PLEDGE = "pledge", "质押", "pledge"


class Rejection(Labelled):
    """Why an institution did not lend, in classes; the reasoning stays with it."""

    REPAYMENT_ABILITY = "repayment_ability", "偿还能力不足", "ability to repay"
    CREDIT_RECORD = "credit_record", "信用记录", "credit record"
    INFORMATION = "information", "信息不足", "too little information"
    DOCUMENTS = "documents", "材料不全", "incomplete documents"
    PURPOSE = "purpose", "用途不符", "unfit purpose"
    POLICY = "policy", "不符合准入政策", "outside the institution's policy"
    OTHER = "other", "其他", "other"


#: A case whose earlier steps were before the platform's time may begin later than with its application, so
#: that a bank can bring in the loans that it has.
FIRST = frozenset({Stage.RECEIVED, Stage.APPROVED, Stage.REJECTED, Stage.DRAWN})
#: What may follow what.
TRANSITIONS: Mapping[Stage, frozenset[Stage]] = {
    Stage.RECEIVED: frozenset({Stage.APPROVED, Stage.REJECTED, Stage.CANCELLED}),
    Stage.APPROVED: frozenset({Stage.DRAWN, Stage.CANCELLED}),
    Stage.DRAWN: frozenset({Stage.DRAWN, Stage.REPAYMENT, Stage.SETTLED, Stage.WRITTEN_OFF}),
    Stage.REPAYMENT: frozenset({Stage.DRAWN, Stage.REPAYMENT, Stage.SETTLED, Stage.WRITTEN_OFF}),
    Stage.REJECTED: frozenset(),
    Stage.CANCELLED: frozenset(),
    Stage.SETTLED: frozenset(),
    # What was written off may still be recovered.
    Stage.WRITTEN_OFF: frozenset({Stage.SETTLED}),
}
OWNERS: Mapping[Stage, str] = dict.fromkeys(Stage, "institution")
#: With these the matter is over: nothing more is asked about the firm under this case ((九)(十)).
FINAL = frozenset(
    {Stage.REJECTED, Stage.CANCELLED, Stage.SETTLED, Stage.WRITTEN_OFF},
)

#: What each step must tell; everything else it must leave out.
_NEEDS: dict[Stage, frozenset[str]] = {
    Stage.RECEIVED: frozenset({"amount_cny"}),
    Stage.APPROVED: frozenset({"amount_cny", "rate_bp", "term_months", "security"}),
    Stage.REJECTED: frozenset({"rejection"}),
    Stage.CANCELLED: frozenset(),
    Stage.DRAWN: frozenset({"amount_cny"}),
    Stage.REPAYMENT: frozenset({"outstanding_cny", "overdue_days"}),
    Stage.SETTLED: frozenset(),
    Stage.WRITTEN_OFF: frozenset({"amount_cny"}),
}
_MAY: dict[Stage, frozenset[str]] = {Stage.REPAYMENT: frozenset({"overdue_cny"})}
#: What a step tells is called so to people.
_CALLED = {
    "amount_cny": "金额",
    "rate_bp": "年利率",
    "term_months": "期限",
    "security": "担保方式",
    "rejection": "未批准原因",
    "outstanding_cny": "余额",
    "overdue_days": "逾期天数",
    "overdue_cny": "逾期金额",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One step of a case as the institution tells it.

    `amount_cny` is what was asked for, granted, drawn or written off, as the step says; `rate_bp` is the
    yearly rate in hundredths of a percent; `outstanding_cny` and `overdue_*` are as of the day `on`.
    """

    stage: Stage
    on: date
    amount_cny: Decimal | None = None
    rate_bp: int | None = None
    term_months: int | None = None
    security: Security | None = None
    rejection: Rejection | None = None
    outstanding_cny: Decimal | None = None
    overdue_days: int | None = None
    overdue_cny: Decimal | None = None

    def document(self) -> dict[str, Any]:
        """Return what is told, as plain values; what isn't told is left out."""
        pairs = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: _plain(value) for name, value in pairs if value is not None}


def values_of(stage: Stage) -> dict[str, bool]:
    """Return what a step of this stage tells besides its day, and whether it must."""
    may = _NEEDS[stage] | _MAY.get(stage, frozenset())
    return {name: name in _NEEDS[stage] for name in _CALLED if name in may}


def between(before: Stage | None, after: Stage | None) -> list[Stage]:
    """Return the stages that can stand between two of a line; None: it begins or ends there."""
    can = TRANSITIONS[before] if before else FIRST
    return [one for one in Stage if one in can and (after is None or after in TRANSITIONS[one])]


def problem(told: Told, before: Sequence[Told], *, today: date) -> str | None:
    """Return what is wrong with a step after these, in words for a bank's clerk; None where it can stand."""
    return _own_problem(told, today) or _order_problem(told, before)


def line_problem(steps: Sequence[Told], *, today: date) -> str | None:
    """Return what is wrong with a whole line of life; None where it can stand."""
    return next(
        (found for n, one in enumerate(steps) if (found := problem(one, steps[:n], today=today))), None
    )


def _own_problem(told: Told, today: date) -> str | None:
    if told.on > today:
        return f"日期 {told.on} 在将来，请核对"
    if told.on.year < 1990:
        return f"日期 {told.on} 过早，请核对"
    needed = _NEEDS[told.stage]
    given = set(told.document()) - {"stage", "on"}
    if missing := sorted(needed - given):
        return f"“{told.stage.label}”须填报 {_called(missing)}"
    if extra := sorted(given - needed - _MAY.get(told.stage, frozenset())):
        return f"“{told.stage.label}”不填报 {_called(extra)}，请删去"
    return _bounds_problem(told)


def _called(names: Sequence[str]) -> str:
    return "、".join(f"{_CALLED[name]}（{name}）" for name in names)


def _bounds_problem(told: Told) -> str | None:
    for name in ("amount_cny", "outstanding_cny", "overdue_cny"):
        value: Decimal | None = getattr(told, name)
        if value is None:
            continue
        if not value.is_finite() or value < 0 or value > AMOUNT_MAX_CNY:
            return f"{_called([name])} {value} 超出范围：单位为元，应在 0 与 {AMOUNT_MAX_CNY:,.0f} 之间"
        if value != value.quantize(Decimal("0.01")):
            return f"{_called([name])} {value} 至多两位小数（单位：元）"
    if told.amount_cny == 0:
        return "金额（amount_cny）应大于零"
    for name, most, unit in (
        ("rate_bp", RATE_MAX_BP, "单位为基点，即0.01%"),
        ("term_months", TERM_MAX_MONTHS, "单位为月"),
        ("overdue_days", OVERDUE_MAX_DAYS, "单位为天"),
    ):
        number: int | None = getattr(told, name)
        if number is not None and not 0 <= number <= most:
            return f"{_called([name])} {number} 超出范围：{unit}，应在 0 与 {most} 之间"
    if told.term_months == 0:
        return "期限（term_months）应至少为 1"
    if (told.overdue_cny or 0) > (told.outstanding_cny or 0):
        return "逾期金额（overdue_cny）大于余额（outstanding_cny），请核对"
    return None


def _order_problem(told: Told, before: Sequence[Told]) -> str | None:
    last = before[-1] if before else None
    next_ones = TRANSITIONS[last.stage] if last else FIRST
    if told.stage not in next_ones:
        when = f"“{last.stage.label}”之后" if last else "第一次反馈"
        possible = "、".join(stage.label for stage in Stage if stage in next_ones)
        then = f"，可以是：{possible}" if possible else "，该业务已终结"
        return f"{when}不能是“{told.stage.label}”{then}"
    if last is not None and told.on < last.on:
        return f"日期 {told.on} 早于上一次反馈（{last.stage.label} {last.on}），请按先后反馈，或更正上一次"
    if last is not None and told.on == last.on and told.stage is last.stage is Stage.REPAYMENT:
        return f"{told.on} 的还款情况已反馈，如有误请更正"
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Labelled) else value


class Performance(Labelled):
    """How a loan went within its window."""

    GOOD = "good", "正常", "good"
    BAD = "bad", "不良", "bad"
    OPEN = "open", "尚无结论", "not known yet"


def performance(
    steps: Sequence[Told], *, overdue_days: int, window_months: int
) -> tuple[date, Performance] | None:
    """Return when a loan was first drawn and how it went within so many months; None where none was drawn.

    Bad is what was overdue so long, or written off. Good is only what was told to be: settled, or a state at
    the window's end or later. Silence is no good loan.
    """
    drawn_on = next((step.on for step in steps if step.stage is Stage.DRAWN), None)
    if drawn_on is None:
        return None
    ends_on = months_later(drawn_on, window_months)
    within = [step for step in steps if drawn_on <= step.on <= ends_on]
    if any(step.stage is Stage.WRITTEN_OFF or (step.overdue_days or 0) >= overdue_days for step in within):
        return drawn_on, Performance.BAD
    is_over = any(step.stage is Stage.SETTLED for step in within) or steps[-1].on >= ends_on
    return drawn_on, Performance.GOOD if is_over else Performance.OPEN


def term_ends_on(steps: Sequence[Told]) -> date | None:
    """Return when a loan's agreed term is over, counted from the first drawing; None where it isn't known,
    or where the loan was last told to be overdue.
    """
    term = next((step.term_months for step in steps if step.stage is Stage.APPROVED), None)
    drawn_on = next((step.on for step in steps if step.stage is Stage.DRAWN), None)
    if term is None or drawn_on is None or (steps[-1].overdue_days or 0) > 0:
        return None
    return months_later(drawn_on, term)


def shared_until(steps: Sequence[Told], *, ended_loan_months: int, declined_months: int) -> date | None:
    """Return the last day on which a case may be shown to others; None while it isn't over."""
    last = steps[-1]
    if last.stage not in FINAL:
        return None
    was_loan = last.stage in (Stage.SETTLED, Stage.WRITTEN_OFF)
    return months_later(last.on, ended_loan_months if was_loan else declined_months)
