"""报送计划: on which days a batch is due, until when it is in time, and which delivery meets which day. Pure.

A day is met by the first delivery since it opened: half a period before it. What comes earlier belonged to
the day before; what comes later catches up all that was open.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from rongxin.sharing.quality.rules import Calendar

GRACE_MAX: Final = 30
_DAYS: Final = "一二三四五六日"


class Every(StrEnum):
    """How often."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    NEVER = "never"  # the operator has said that nothing is expected


# So many days before it is due a day opens.
_OPENS_BEFORE: Final[Mapping[Every, int]] = {Every.DAY: 0, Every.WEEK: 3, Every.MONTH: 15, Every.NEVER: 0}
_LAST_DAY: Final[Mapping[Every, int]] = {Every.WEEK: 7, Every.MONTH: 31}


@dataclass(frozen=True)
class Plan:
    """How often, on which day of the week or month, with how many working days of grace, since when."""

    every: Every
    day: int | None
    grace_working_days: int
    since: date

    @property
    def label(self) -> str:
        match self.every:
            case Every.NEVER:
                return "不定期"
            case Every.DAY:
                when = "每个工作日"
            case Every.WEEK:
                when = f"每周{_DAYS[(self.day or 1) - 1]}"
            case Every.MONTH:
                when = f"每月{self.day}日"
        return f"{when}（宽限{self.grace_working_days}个工作日）" if self.grace_working_days else when


@dataclass(frozen=True)
class Due:
    """A day on which a batch is due; it is in time until the end of `deadline`."""

    due_on: date
    opens_on: date
    deadline: date


class State(StrEnum):
    """How a due day stands."""

    IN_TIME = "in_time"
    LATE = "late"
    MISSING = "missing"
    OPEN = "open"

    @property
    def label(self) -> str:
        return {"in_time": "按期", "late": "逾期报送", "missing": "逾期未报", "open": "未到期"}[self.value]


@dataclass(frozen=True)
class Standing:
    """A due day, the day of the delivery that met it, and how it stands."""

    due: Due
    delivered_on: date | None
    state: State


def fault(every: Every, day: int | None, grace_working_days: int) -> str | None:
    """Say what is wrong with a plan; None where nothing is."""
    last = _LAST_DAY.get(every)
    if last is None and day is not None:
        return "只有每周、每月的计划指定日子"
    if last is not None and (day is None or not 1 <= day <= last):
        return f"请以 1 至 {last} 指明日子（每周：1 为周一；每月：当月没有的日子按月末计）"
    if not 0 <= grace_working_days <= GRACE_MAX:
        return f"宽限为 0 至 {GRACE_MAX} 个工作日"
    return None


def dues(plan: Plan, first: date, last: date, calendar: Calendar) -> Iterator[Due]:
    """Yield the due days of a plan from `first` to `last`."""
    day = max(first, plan.since)
    while day <= last:
        if _is_due(plan, day, calendar):
            # A day off is moved to the working day that follows; the grace counts from there.
            deadline = calendar.deadline(day - timedelta(days=1), plan.grace_working_days + 1)
            yield Due(day, day - timedelta(days=_OPENS_BEFORE[plan.every]), deadline)
        day += timedelta(days=1)


def _is_due(plan: Plan, day: date, calendar: Calendar) -> bool:
    match plan.every:
        case Every.DAY:
            return calendar.is_working_day(day)
        case Every.WEEK:
            return day.isoweekday() == plan.day
        case Every.MONTH:
            return day.day == min(plan.day or 1, monthrange(day.year, day.month)[1])
        case Every.NEVER:
            return False


def standing(some: Iterable[Due], deliveries: Sequence[date], *, today: date) -> list[Standing]:
    """Say of each due day how it stands; `deliveries` are the days on which batches came."""
    found = []
    for due in some:
        delivered = min((day for day in deliveries if day >= due.opens_on), default=None)
        if delivered is not None:
            state = State.IN_TIME if delivered <= due.deadline else State.LATE
        else:
            state = State.MISSING if today > due.deadline else State.OPEN
        found.append(Standing(due, delivered, state))
    return found
