"""The law of several signers: how many of a firm's people must sign, who counts, when another number holds.

A firm binds itself (民法典 art. 61, 170): its rule says how many of those who may act for it sign a
consent or an application. Tightening holds at once; to loosen takes everybody whom the old rule asks, and
time where they are fewer than it asks for. Taking back, pausing and refusing stay one person's ((九): a
right is made no harder). Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from rongxin.vocabulary.labelled import Labelled

#: Where a firm says nothing, one person signs.
ONE = 1


class What(Labelled):
    """What is signed."""

    CONSENT = "consent", "授权", "consent"
    APPLICATION = "application", "融资申请", "application"


class State(Labelled):
    """Where a matter stands that several people sign."""

    AWAITING = "awaiting", "待其他人签署", "awaiting signatures"
    SIGNED = "signed", "已签齐", "signed by all"
    TAKEN_BACK = "taken_back", "已撤下", "taken back"
    LAPSED = "lapsed", "逾期失效", "lapsed"


class Act(StrEnum):
    """What comes of a matter."""

    COMPLETE = "complete"
    TAKE_BACK = "take_back"
    LAPSE = "lapse"


# From each state, the acts that are possible and where they lead. What is not listed is refused.
TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.AWAITING: {
        Act.COMPLETE: State.SIGNED,
        Act.TAKE_BACK: State.TAKEN_BACK,
        Act.LAPSE: State.LAPSED,
    },
    State.SIGNED: {},
    State.TAKEN_BACK: {},
    State.LAPSED: {},
}


@dataclass(frozen=True, slots=True)
class Demand:
    """One rule of a firm: so many must sign, from a moment on."""

    needed: int
    effective_at: datetime


def needed(demands: Iterable[Demand], at: datetime) -> int:
    """Return how many must sign at a moment: the last rule, of two of one moment the stricter; ONE before
    any.
    """
    held = [one for one in demands if one.effective_at <= at]
    return max(held, key=lambda one: (one.effective_at, one.needed)).needed if held else ONE


def counted(signed: Iterable[str], may_sign: Collection[str]) -> frozenset[str]:
    """Return the persons whose signatures count: each once, and only who may still act for the firm."""
    return frozenset(signed) & frozenset(may_sign)


def complete(signed: Iterable[str], may_sign: Collection[str], *, needed: int) -> bool:
    """Whether enough people have signed."""
    return len(counted(signed, may_sign)) >= needed


def agreed_from(
    signed: Collection[str], asked: Collection[str], *, old: int, wait_days: int, as_of: datetime
) -> datetime | None:
    """Return from when a loosened rule holds; None while somebody whom the old rule asks has not agreed.

    Who ended everybody else's mandate first agrees alone: where fewer agree than the old rule asks for,
    the new one waits, so that the firm, told of it, can object.
    """
    if not asked or not frozenset(asked) <= frozenset(signed):
        return None
    enough = len(counted(signed, asked)) >= old
    return as_of if enough else as_of + timedelta(days=wait_days)


def lapses_on(opened_on: date, days: int, *bounds: date) -> date:
    """Return the last day on which a matter can be signed: after so many days, never past a bound."""
    return min([opened_on + timedelta(days=days), *bounds])
