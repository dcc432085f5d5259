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
