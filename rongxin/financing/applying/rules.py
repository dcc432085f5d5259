"""融资申请: from a draft to the loan's end, as one table of states ((七)). Pure.

An application's decision is an outcome told of its case; nothing of it is stored twice. Where it stands
follows from the last outcome and from what the institution did before it decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from rongxin.financing.rules import Stage
from rongxin.sharing.quality.rules import Calendar
from rongxin.vocabulary.labelled import Labelled


class State(Labelled):
    """Where an application stands."""

    DRAFT = "draft", "草稿", "draft"
    SUBMITTED = "submitted", "已提交，等待首次答复", "submitted, waiting for a first answer"
    IN_REVIEW = "in_review", "审查中", "in review"
    PAPERS_ASKED = "papers_asked", "待补材料", "more papers asked for"
    APPROVED = "approved", "已批准", "approved"
    REJECTED = "rejected", "未批准", "rejected"
    WITHDRAWN = "withdrawn", "已撤回", "withdrawn"
    DRAWN = "drawn", "已放款", "drawn"
    SETTLED = "settled", "已结清", "settled"
    WRITTEN_OFF = "written_off", "已核销", "written off"
    CLOSED = "closed", "机构已办结，未告知结果", "closed without word of an outcome"


class Act(Labelled):
    """What can be done with one."""

    SUBMIT = "submit", "提交", "submit"
    TAKE_UP = "take_up", "开始审查", "take up"
    ASK_PAPERS = "ask_papers", "要求补充材料", "ask for papers"
    HAND_IN = "hand_in", "补交材料", "hand in papers"
    APPROVE = "approve", "批准", "approve"
    REJECT = "reject", "不批准", "reject"
    WITHDRAW = "withdraw", "撤回申请", "withdraw"
    DRAW = "draw", "放款", "draw"
    REPAY = "repay", "还款", "repay"
    SETTLE = "settle", "结清", "settle"
    WRITE_OFF = "write_off", "核销", "write off"


_DECIDE = {Act.APPROVE: State.APPROVED, Act.REJECT: State.REJECTED, Act.WITHDRAW: State.WITHDRAWN}
TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.DRAFT: {Act.SUBMIT: State.SUBMITTED},
    State.SUBMITTED: {Act.TAKE_UP: State.IN_REVIEW, Act.ASK_PAPERS: State.PAPERS_ASKED, **_DECIDE},
    State.IN_REVIEW: {Act.ASK_PAPERS: State.PAPERS_ASKED, **_DECIDE},
    State.PAPERS_ASKED: {Act.HAND_IN: State.IN_REVIEW, **_DECIDE},
    State.APPROVED: {Act.DRAW: State.DRAWN, Act.WITHDRAW: State.WITHDRAWN},
    State.DRAWN: {
        Act.DRAW: State.DRAWN,
        Act.REPAY: State.DRAWN,
        Act.SETTLE: State.SETTLED,
        Act.WRITE_OFF: State.WRITTEN_OFF,
    },
    State.WRITTEN_OFF: {Act.SETTLE: State.SETTLED},
    State.REJECTED: {},
    State.WITHDRAWN: {},
    State.SETTLED: {},
    State.CLOSED: {Act.REJECT: State.REJECTED, Act.WITHDRAW: State.WITHDRAWN},
}
_FIRMS = frozenset({Act.SUBMIT, Act.HAND_IN, Act.WITHDRAW})
OWNERS: Mapping[Act, str] = {act: "subject" if act in _FIRMS else "institution" for act in Act}
#: The step of the case's line of life that an act tells; the others change nothing in it.
TELLS: Mapping[Act, Stage] = {
    Act.SUBMIT: Stage.RECEIVED,
    Act.APPROVE: Stage.APPROVED,
    Act.REJECT: Stage.REJECTED,
    Act.WITHDRAW: Stage.CANCELLED,
    Act.DRAW: Stage.DRAWN,
    Act.REPAY: Stage.REPAYMENT,
    Act.SETTLE: Stage.SETTLED,
    Act.WRITE_OFF: Stage.WRITTEN_OFF,
}
_BY_STAGE = {
    Stage.APPROVED: State.APPROVED,
    Stage.REJECTED: State.REJECTED,
    Stage.CANCELLED: State.WITHDRAWN,
    Stage.DRAWN: State.DRAWN,
    Stage.REPAYMENT: State.DRAWN,
    Stage.SETTLED: State.SETTLED,
    Stage.WRITTEN_OFF: State.WRITTEN_OFF,
}
#: While it is in one of these, the institution has still to decide.
OPEN = frozenset({State.SUBMITTED, State.IN_REVIEW, State.PAPERS_ASKED})


@dataclass(frozen=True)
class Done:
    """What was done with a submitted application: the last step of its case, and what came before it."""

    last: Stage
    taken_up: bool = False
    ever_asked: bool = False
    asked: bool = False  # and not yet handed in
    closed: bool = False

    @property
    def answered(self) -> bool:
        """Whether the firm has had its first answer."""
        return self.last is not Stage.RECEIVED or self.taken_up or self.ever_asked


def state(done: Done | None) -> State:
    """Return where an application stands; None was not yet submitted."""
    if done is None:
        return State.DRAFT
    if done.last is not Stage.RECEIVED:
        return _BY_STAGE[done.last]
    if done.closed:
        return State.CLOSED
    if done.asked:
        return State.PAPERS_ASKED
    return State.IN_REVIEW if done.answered else State.SUBMITTED


class Clock(Labelled):
    """How the first answer stands against its last day."""

    ANSWERED = "answered", "已答复", "answered"
    RUNNING = "running", "未到期", "running"
    DUE = "due", "即将到期", "due"
    LATE = "late", "已逾期", "late"


def due_on(submitted_on: date, days: int, calendar: Calendar) -> date:
    """Return the last of so many working days after the one of submission."""
    return calendar.deadline(submitted_on, days)


def clock(answered: bool, last_day: date, *, on: date, warn_days: int, calendar: Calendar) -> Clock:
    """Say how the first answer stands on a day; warned of so many working days before its last one."""
    if answered:
        return Clock.ANSWERED
    if on > last_day:
        return Clock.LATE
    left = sum(calendar.is_working_day(on + timedelta(days=n)) for n in range(1, (last_day - on).days + 1))
    return Clock.DUE if left <= warn_days else Clock.RUNNING


class Group(Labelled):
    """In which heap of an institution's worklist an application lies."""

    UNANSWERED = "unanswered", "待首次答复", "waiting for a first answer"
    REVIEW = "review", "审查中", "in review"
    PAPERS = "papers", "待企业补材料", "waiting for papers"
    DECIDED = "decided", "已批准", "approved"
    ENDED = "ended", "已结束", "ended"


GROUPS: Mapping[Group, frozenset[State]] = {
    Group.UNANSWERED: frozenset({State.SUBMITTED}),
    Group.REVIEW: frozenset({State.IN_REVIEW}),
    Group.PAPERS: frozenset({State.PAPERS_ASKED}),
    Group.DECIDED: frozenset({State.APPROVED, State.DRAWN}),
    Group.ENDED: frozenset({State.REJECTED, State.WITHDRAWN, State.SETTLED, State.WRITTEN_OFF, State.CLOSED}),
}


class Side(Labelled):
    """Whose word a feedback is."""

    SUBJECT = "subject", "企业", "the firm"
    INSTITUTION = "institution", "机构", "the institution"
