"""更正通知: what a past recipient of a record is told and owes once the record is over ((九)(十)). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from rongxin.records.rules import EndedWhy
from rongxin.vocabulary.labelled import Labelled

NOTICE_TYPE = "correction-notice+jws"


class State(Labelled):
    """Where a notice stands."""

    OWED = "owed", "待确认", "acknowledgement owed"
    ACKNOWLEDGED = "acknowledged", "已确认", "acknowledged"


class Act(StrEnum):
    """What is done with a notice."""

    ACKNOWLEDGE = "acknowledge"


TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.OWED: {Act.ACKNOWLEDGE: State.ACKNOWLEDGED},
    State.ACKNOWLEDGED: {},
}

OWNERS: Mapping[Act, str] = {Act.ACKNOWLEDGE: "recipient"}


class Done(Labelled):
    """What the recipient did with its copy."""

    CORRECTED = "corrected", "已按现行记录更正", "its copy was corrected"
    DELETED = "deleted", "已删除并停止使用", "its copy was deleted and is used no more"
    NOT_HELD = "not_held", "未留存该记录", "it holds no copy"


#: Which endings mean that what was given was wrong or may be used no more. A record that a newer version took
#: the place of, that is no longer listed or whose publication ran out was right when it was given.
TELLS = frozenset(
    {
        EndedWhy.CORRECTED,
        EndedWhy.REPAIRED,
        EndedWhy.REMOVED_BY_AUTHORITY,
        EndedWhy.WITHDRAWN,
        EndedWhy.UNMATCHED,
    }
)
#: Of these the rows that stood before may count again: only who got this very row got something wrong.
ITSELF_ONLY = frozenset({EndedWhy.WITHDRAWN, EndedWhy.UNMATCHED})


def due_on(told_on: date, acknowledgement_days: int) -> date:
    """Return the last day for the acknowledgement."""
    return told_on + timedelta(days=acknowledgement_days)


def overdue(state: State, due: date, today: date) -> bool:
    """Whether the acknowledgement should have come by now."""
    return state is State.OWED and today > due
