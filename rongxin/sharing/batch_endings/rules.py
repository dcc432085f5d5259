"""A whole batch ended or withdrawn by the operator: one proposes it, another confirms ((五)(九)). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

GROUND_MAX: Final = 500


class Measure(StrEnum):
    """What becomes of the batch: its rows were right and are over, or it counts as if it had never come."""

    END = "end"
    WITHDRAW = "withdraw"

    @property
    def label(self) -> str:
        return {"end": "整批终止", "withdraw": "整批撤回"}[self.value]


class State(StrEnum):
    """Where a proposal stands; only one that is carried out touches a row."""

    PROPOSED = "proposed"
    CARRIED_OUT = "carried_out"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"
    LAPSED = "lapsed"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    State.PROPOSED: "待第二人复核",
    State.CARRIED_OUT: "已执行",
    State.DECLINED: "复核未通过",
    State.TAKEN_BACK: "提出人已收回",
    State.LAPSED: "已失效",
}


class Act(StrEnum):
    CONFIRM = "confirm"
    DECLINE = "decline"
    TAKE_BACK = "take_back"
    LAPSE = "lapse"


TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.PROPOSED: {
        Act.CONFIRM: State.CARRIED_OUT,
        Act.DECLINE: State.DECLINED,
        Act.TAKE_BACK: State.TAKEN_BACK,
        # The batch was withdrawn, or its last row ended, before anybody confirmed.
        Act.LAPSE: State.LAPSED,
    },
    State.CARRIED_OUT: {},
    State.DECLINED: {},
    State.TAKEN_BACK: {},
    State.LAPSED: {},
}

OWNERS: Mapping[Act, str] = {
    Act.CONFIRM: "operator",
    Act.DECLINE: "operator",
    Act.TAKE_BACK: "operator",
    Act.LAPSE: "node",
}


@dataclass(frozen=True)
class Foreseen:
    """What an act on a whole batch touches, row for row; found by doing it and taking it back.

    `ends`: records that count no more; `returns`: earlier ones that count again; `subjects`: whose these are;
    `corrections`: batches of one corrected row that go along.
    """

    ends: int
    returns: int
    subjects: int
    corrections: int

    def as_json(self) -> dict[str, int]:
        """Return it as plain values; `Foreseen(**values)` reads them back."""
        return asdict(self)

    @property
    def mark(self) -> str:
        """Return it as one word: what a person confirms who saw it."""
        return "-".join(str(value) for value in asdict(self).values())


def read(document: Mapping[str, Any]) -> Foreseen:
    """Return what `Foreseen.as_json` wrote."""
    return Foreseen(**document)
