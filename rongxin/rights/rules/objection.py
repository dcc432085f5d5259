"""异议申诉: where an objection stands, whose each act is, and its clock (notice （九）). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

from rongxin.vocabulary.labelled import Labelled


class State(Labelled):
    """Where an objection stands; the last three are final."""

    LODGED = "lodged", "已提交，待转办", "lodged, to be forwarded"
    FORWARDED = "forwarded", "已转数据提供单位核查", "with the provider"
    ESCALATED = "escalated", "逾期未复，平台督办", "overdue, with the operator"
    UPHELD = "upheld", "异议成立", "upheld"
    REJECTED = "rejected", "异议不成立", "rejected"
    WITHDRAWN = "withdrawn", "信息主体撤回", "withdrawn by the subject"


class Awaited(Labelled):
    """Whose answer is waited for where an institution told what is objected to, and no provider did."""

    OWN = "own", "待本机构答复", "awaiting this institution's answer"
    INSTITUTION = "institution", "待反馈机构答复", "awaiting the answer of the institution that told it"


class Act(StrEnum):
    """What is done with an objection."""

    FORWARD = "forward"
    ESCALATE = "escalate"
    UPHOLD = "uphold"
    REJECT = "reject"
    WITHDRAW = "withdraw"


class Owner(Labelled):
    """Whose act it is."""

    SUBJECT = "subject", "信息主体", "the subject"
    PROVIDER = "provider", "数据提供单位", "the provider of that very record"
    OPERATOR = "operator", "平台运营单位", "the operator"
    NODE = "node", "平台", "the node itself"


_OPEN_ACTS = {Act.UPHOLD: State.UPHELD, Act.REJECT: State.REJECTED, Act.WITHDRAW: State.WITHDRAWN}

# From each state, the acts that are possible and where they lead. What is not listed is refused.
TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.LODGED: {
        Act.FORWARD: State.FORWARDED,
        Act.ESCALATE: State.ESCALATED,
        Act.WITHDRAW: State.WITHDRAWN,
    },
    State.FORWARDED: {Act.ESCALATE: State.ESCALATED, **_OPEN_ACTS},
    # Late is not lost: the provider still owes the answer, and the operator may enter it.
    State.ESCALATED: dict(_OPEN_ACTS),
    State.UPHELD: {},
    State.REJECTED: {},
    State.WITHDRAWN: {},
}

OWNERS: Mapping[Act, frozenset[Owner]] = {
    Act.FORWARD: frozenset({Owner.NODE, Owner.OPERATOR}),
    Act.ESCALATE: frozenset({Owner.NODE}),
    # The operator enters what a provider without a desk here has answered on paper; it decides nothing.
    Act.UPHOLD: frozenset({Owner.PROVIDER, Owner.OPERATOR}),
    Act.REJECT: frozenset({Owner.PROVIDER, Owner.OPERATOR}),
    Act.WITHDRAW: frozenset({Owner.SUBJECT}),
}

#: While an objection stands so, the record bears its mark.
OPEN = frozenset({State.LODGED, State.FORWARDED, State.ESCALATED})


class Remedy(Labelled):
    """What the provider does where the objection is upheld."""

    CORRECT = "correct", "更正", "corrected"
    END = "end", "移除", "removed"
    WITHDRAW = "withdraw", "撤回", "taken back as if it had never come"
    AT_SOURCE = "at_source", "已在来源系统更正", "corrected at its source"


class Route(Labelled):
    """How an objection reaches who has to check it."""

    PROVIDER = "provider", "平台即时转办", "the provider's own desk here"
    OPERATOR = "operator", "平台人工转送", "the operator carries it to a body without a desk here"


def due_on(lodged_on: date, clock_days: int) -> date:
    """Return the last day for the answer: so many days after the day on which it was lodged."""
    return lodged_on + timedelta(days=clock_days)


def overdue(state: State, due: date, today: date) -> bool:
    """Whether the answer should have come by now."""
    return state in OPEN and today > due


def warnings_due(due: date, warn_days_before: Sequence[int], today: date) -> int:
    """Return how many of the warnings (days before the last one) should have been given by a day."""
    return sum(today >= due - timedelta(days=days) for days in warn_days_before)


def may(act: Act, state: State, owner: Owner, route: Route) -> bool:
    """Whether `owner` may do `act` in this state. The operator answers for a body that has a desk here only
    once that body is late.
    """
    if act not in TRANSITIONS[state] or owner not in OWNERS[act]:
        return False
    if owner is Owner.OPERATOR and act in (Act.UPHOLD, Act.REJECT):
        return route is Route.OPERATOR or state is State.ESCALATED
    return True


def standing(state: State, *, institution: str, reader: str = "") -> Labelled:
    """Return where an objection stands in the words for its reader: `institution` told what it is about
    ("": a provider did), `reader` is the institution that reads it ("": somebody else does).
    """
    if state is not State.FORWARDED or not institution:
        return state
    return Awaited.OWN if reader == institution else Awaited.INSTITUTION
