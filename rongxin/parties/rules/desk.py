"""A person's decision on a row that waits for its subject, and what becomes of it (policy of matching). Pure.

What is against a firm is decided by two: a wrong attachment harms one that did nothing, a wrong dismissal
hides what others must know.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Verdict(StrEnum):
    """What the clerk says of the row."""

    MATCH = "match"
    NOT_HERE = "not_here"
    RETURN = "return"

    @property
    def label(self) -> str:
        return {"match": "归集到主体", "not_here": "本平台无此主体", "return": "退回提供单位"}[self.value]


class State(StrEnum):
    """Where a decision stands. While one is proposed or in force, nobody else decides on the row."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    DECLINED = "declined"
    REVERSED = "reversed"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    State.PROPOSED: "待第二人确认",
    State.IN_FORCE: "已生效",
    State.DECLINED: "未获确认",
    State.REVERSED: "已撤销",
}


class Act(StrEnum):
    CONFIRM = "confirm"
    DECLINE = "decline"
    REVERSE = "reverse"


TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.PROPOSED: {Act.CONFIRM: State.IN_FORCE, Act.DECLINE: State.DECLINED},
    State.IN_FORCE: {Act.REVERSE: State.REVERSED},
    State.DECLINED: {},
    State.REVERSED: {},
}

OWNERS: Mapping[Act, str] = {Act.CONFIRM: "operator", Act.DECLINE: "operator", Act.REVERSE: "operator"}

# The row has a decision: nobody else may take one.
TAKEN = frozenset({State.PROPOSED, State.IN_FORCE})


def first_state(*, negative: bool) -> State:
    """Where a decision begins: what is against a firm waits for a second person."""
    return State.PROPOSED if negative else State.IN_FORCE
