"""接入条件: what an institution was approved on, by when, and what follows where it isn't done ((十)). Pure.

The institution reports that a condition is met and shows it; a person of the operator's accepts that or sends
it back. A report in time stops the clock, so that nobody is cut off because the operator is slow; one that
comes late doesn't, so that nothing but an acceptance lifts what follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from rongxin.vocabulary.labelled import Labelled


class State(Labelled):
    """Where a condition stands."""

    OPEN = "open", "待落实", "to be met"
    REPORTED = "reported", "已报告，待验收", "reported as met"
    SENT_BACK = "sent_back", "退回补正", "sent back"
    ACCEPTED = "accepted", "已验收", "accepted"


class Act(StrEnum):
    REPORT = "report"
    ACCEPT = "accept"
    SEND_BACK = "send_back"


TRANSITIONS: Final[Mapping[State, Mapping[Act, State]]] = {
    State.OPEN: {Act.REPORT: State.REPORTED},
    State.REPORTED: {Act.ACCEPT: State.ACCEPTED, Act.SEND_BACK: State.SENT_BACK},
    State.SENT_BACK: {Act.REPORT: State.REPORTED},
    State.ACCEPTED: {},
}
OWNERS: Final[Mapping[Act, str]] = {
    Act.REPORT: "institution",
    Act.ACCEPT: "operator",
    Act.SEND_BACK: "operator",
}
#: What the institution has to act on.
OWED: Final = (State.OPEN, State.SENT_BACK)


@dataclass(frozen=True)
class Condition:
    """What is asked of the institution, and by when; approvals from before dates were given have none."""

    text: str
    due_on: date | None

    def document(self) -> dict[str, str | None]:
        """It JSON-ready, as it is kept, committed to and told."""
        return {"text": self.text, "due_on": self.due_on.isoformat() if self.due_on else None}


def kept(found: str | Mapping[str, str | None]) -> Condition:
    """Return a condition as an application keeps it; one from before dates were given is a text alone."""
    if isinstance(found, str):
        return Condition(found, None)
    due = found["due_on"]
    return Condition(found["text"] or "", date.fromisoformat(due) if due else None)


def undue(condition: Condition, *, today: date, until: date) -> bool:
    """Say whether a due date can't be given: none, over, or after the approval itself is over."""
    return condition.due_on is None or not today < condition.due_on <= until


def overdue(state: State, due_on: date | None, reported_on: date | None, today: date) -> bool:
    """Say whether a condition is past its day; what was reported by then waits for the operator."""
    if state is State.ACCEPTED or due_on is None or today <= due_on:
        return False
    return not _in_time(state, reported_on, due_on)


def served_until(state: State, due_on: date | None, reported_on: date | None, grace_days: int) -> date | None:
    """Return the last day on which the institution is served though the condition stands; None: none."""
    if state is State.ACCEPTED or due_on is None:
        return None
    last = due_on + timedelta(days=grace_days)
    return None if _in_time(state, reported_on, last) else last


def _in_time(state: State, reported_on: date | None, last: date) -> bool:
    return state is State.REPORTED and reported_on is not None and reported_on <= last


class ExtensionState(Labelled):
    """Where an institution's request for a later day stands; only one that is granted moves the day."""

    ASKED = "asked", "待平台审核", "asked for"
    RECOMMENDED = "recommended", "已审核，待另一人批准", "recommended, awaits a second person"
    GRANTED = "granted", "已同意延期", "granted"
    REFUSED = "refused", "未同意延期", "refused"
    LAPSED = "lapsed", "条件已验收，不再需要", "lapsed: the condition is met"


class ExtensionAct(StrEnum):
    RECOMMEND = "recommend"
    GRANT = "grant"
    REFUSE = "refuse"
    LAPSE = "lapse"


EXTENSION_TRANSITIONS: Final[Mapping[ExtensionState, Mapping[ExtensionAct, ExtensionState]]] = {
    ExtensionState.ASKED: {
        ExtensionAct.RECOMMEND: ExtensionState.RECOMMENDED,
        ExtensionAct.REFUSE: ExtensionState.REFUSED,
        ExtensionAct.LAPSE: ExtensionState.LAPSED,
    },
    ExtensionState.RECOMMENDED: {
        ExtensionAct.GRANT: ExtensionState.GRANTED,
        ExtensionAct.REFUSE: ExtensionState.REFUSED,
        ExtensionAct.LAPSE: ExtensionState.LAPSED,
    },
    ExtensionState.GRANTED: {},
    ExtensionState.REFUSED: {},
    ExtensionState.LAPSED: {},
}
EXTENSION_OWNERS: Final[Mapping[ExtensionAct, str]] = {
    ExtensionAct.RECOMMEND: "operator",
    ExtensionAct.GRANT: "operator",
    ExtensionAct.REFUSE: "operator",
    ExtensionAct.LAPSE: "system",
}
#: What waits for the operator.
EXTENSION_OPEN: Final = (ExtensionState.ASKED, ExtensionState.RECOMMENDED)


def last_extended(due_on: date, *, days_max: int, until: date) -> date:
    """Return the last day to which a due date can be moved: within the approval's own time."""
    return min(due_on + timedelta(days=days_max), until)


def no_extension(
    state: State, due_on: date | None, *, today: date, granted: int, times_max: int, waits: bool
) -> str | None:
    """Say why no later day can be asked for now; None where one can."""
    if state not in OWED or due_on is None:
        return f"该条件{state.label}，没有可以延长的期限" if due_on else "该条件没有期限，不需要延期"
    if today > due_on:
        return "期限已过，不能再申请延期；请报告落实情况"
    if waits:
        return "已有延期申请在办理，请等待答复"
    if granted >= times_max:
        return f"已延期{granted}次，不能再延；请报告落实情况"
    return None
