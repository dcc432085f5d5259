"""紧急查阅: when somebody of the operator's may see in clear what is held of one subject (threats T9). Pure.

One person asks, with a reason; another one, the security or the audit administrator, approves; it is open for
some minutes, to the asker alone, and everything seen stands in the journal and in the subject's list.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.edition import Edition
from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.reason import Reason

# Who may be the second person.
APPROVERS = frozenset({Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR})


class Limits(Edition):
    """One edition of the parameters."""

    open_minutes: int
    waiting_hours: int
    reason_length_min: int
    reason_length_max: int

    @property
    def open_for(self) -> timedelta:
        return timedelta(minutes=self.open_minutes)

    @property
    def waits_for(self) -> timedelta:
        return timedelta(hours=self.waiting_hours)


class State(Labelled):
    """What was done with a request; whether it is open now, `standing` tells by the clock."""

    REQUESTED = "requested", "待另一人核准", "to be approved by another person"
    APPROVED = "approved", "已核准", "approved"
    DECLINED = "declined", "未予核准", "declined"
    CLOSED = "closed", "已提前结束", "closed before its time"


class Act(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    CLOSE = "close"


TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.REQUESTED: {Act.APPROVE: State.APPROVED, Act.DECLINE: State.DECLINED},
    State.APPROVED: {Act.CLOSE: State.CLOSED},
    State.DECLINED: {},
    State.CLOSED: {},
}

OWNERS: Mapping[Act, str] = dict.fromkeys(Act, "operator")


def lapsed(state: State, until: datetime, *, as_of: datetime) -> bool:
    """Whether its time is over: of waiting for the second person, or of being open."""
    return state in (State.REQUESTED, State.APPROVED) and as_of >= until


def label(state: State, until: datetime, *, as_of: datetime) -> str:
    """Say in Chinese where a request stands at a moment."""
    if not lapsed(state, until, as_of=as_of):
        return "开启中" if state is State.APPROVED else state.label
    return "已到时，重新遮蔽" if state is State.APPROVED else "逾时未核准"


def standing(state: State, until: datetime, *, asker: str, person: str, as_of: datetime) -> Reason | None:
    """Say why nothing is seen by it; None where it is open to this person now."""
    if asker != person or state in (State.REQUESTED, State.DECLINED):
        return Reason.BREAK_GLASS_MISSING
    if state is State.CLOSED or lapsed(state, until, as_of=as_of):
        return Reason.BREAK_GLASS_OVER
    return None


def fault(reason: str, limits: Limits) -> str | None:
    """Say in Chinese what is wrong with a reason given."""
    if limits.reason_length_min <= len(reason) <= limits.reason_length_max:
        return None
    return f"请写明理由，{limits.reason_length_min}至{limits.reason_length_max}字：信息主体会看到"
