"""数据质量: what the counts of a provider's batches say, in the terms of GB/T 36344—2018. Pure.

Every figure is a share of two whole numbers, kept as such: what is printed can be recounted.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final


@dataclass(frozen=True)
class Share:
    """So many of so many; of nothing there is no share."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def text(self) -> str:
        """One decimal, cut off: 100% is all of them and 0% none of them, whatever the size."""
        if not self.whole:
            return "—"
        permille = self.part * 1000 // self.whole
        return "<0.1%" if self.part and not permille else f"{permille // 10}.{permille % 10}%"


def total(shares: Iterable[Share]) -> Share:
    """Return the share over all rows together, not the mean of shares."""
    every = list(shares)
    return Share(sum(share.part for share in every), sum(share.whole for share in every))


@dataclass(frozen=True)
class Calendar:
    """Weekends, the holidays on weekdays and the weekend days that are worked instead.

    `complete` are the spans of days for which holidays have been entered.
    """

    holidays: frozenset[date] = frozenset()
    made_up: frozenset[date] = frozenset()
    complete: tuple[tuple[date, date], ...] = ()

    def is_working_day(self, day: date) -> bool:
        return day in self.made_up or (day.weekday() < 5 and day not in self.holidays)

    def covers(self, first: date, last: date) -> bool:
        """Whether the holidays of all these days are known."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return all(any(a <= day <= b for a, b in self.complete) for day in days)

    def deadline(self, decided_on: date, working_days: int) -> date:
        """Return the last of so many working days after the day of the decision, which does not count."""
        day, left = decided_on, working_days
        while left:
            day += timedelta(days=1)
            left -= self.is_working_day(day)
        return day


@dataclass(frozen=True)
class Arrivals:
    """Records that came in for the first time: how many, on which day, of which day; None: no date."""

    received_on: date
    observed_on: date | None
    rows: int


@dataclass
class Timeliness:
    """时效性: of the records that came for the first time, how many in time.

    `undated` can't be judged. `backlog` was decided before the provider's first batch of the item: the stock
    with which an item begins tells nothing of how quickly its provider reports.
    """

    timely: int = 0
    late: int = 0
    undated: int = 0
    backlog: int = 0

    @property
    def share(self) -> Share:
        return Share(self.timely, self.timely + self.late)

    def __add__(self, other: Timeliness) -> Timeliness:
        return Timeliness(
            self.timely + other.timely,
            self.late + other.late,
            self.undated + other.undated,
            self.backlog + other.backlog,
        )


def judged(
    arrivals: Iterable[Arrivals], *, working_days: int, calendar: Calendar, since: date | None
) -> Timeliness:
    """Count what came within so many working days of its decision; `since` the item is handed in."""
    found = Timeliness()
    for some in arrivals:
        if some.observed_on is None:
            found.undated += some.rows
        elif some.received_on <= calendar.deadline(some.observed_on, working_days):
            found.timely += some.rows
        elif since is not None and some.observed_on < since:
            found.backlog += some.rows
        else:
            found.late += some.rows
    return found


@dataclass
class Figures:
    """The counts of a provider's batches of one item in one month, as the receipts have them.

    `read` to `duplicate` are sums of receipts; `waiting` is what of `pending` still waits today. Only filed
    batches count; those held, refused or withdrawn are told by their number. `measured` batches carry the
    counts below it; one that was filed before these were kept does not, and takes no part in their shares.
    """

    batches: int = 0
    held: int = 0
    refused: int = 0
    withdrawn: int = 0
    read: int = 0
    accepted: int = 0
    rejected: int = 0
    pending: int = 0
    duplicate: int = 0
    waiting: int = 0
    measured: int = 0
    checked: int = 0
    valid: int = 0
    required: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    rejected_by: Counter[str] = field(default_factory=Counter)
    pending_by: Counter[str] = field(default_factory=Counter)
    duplicate_by: Counter[str] = field(default_factory=Counter)
    timeliness: Timeliness = field(default_factory=Timeliness)

    @property
    def acceptance(self) -> Share:
        """规范性: rows that conform. A duplicate or a row that waits for its subject is not at fault here."""
        return Share(self.read - self.rejected, self.read)

    @property
    def duplication(self) -> Share:
        """准确性·数据重复率: rows that the platform, or the same file, had already."""
        return Share(self.duplicate, self.read)

    @property
    def unmatched(self) -> Share:
        """一致性·关联数据一致性: rows whose subject the register does not know for sure."""
        return Share(self.pending, self.read)


@dataclass(frozen=True)
class Filled:
    """完整性 of one field: of the rows that could be read, in how many it is filled."""

    name: str
    label: str
    required: bool
    share: Share


def completeness(figures: Figures, fields: Sequence[tuple[str, str, bool]]) -> tuple[Filled, ...]:
    """Return how filled each field is (name, label, required), the required first, then the emptiest.

    A required field is counted over all rows that could be read, rejected ones too; any other over the valid
    rows, since of a rejected row only what is required was looked at.
    """
    found = [
        Filled(name, label, required, _filled(figures, name, required=required))
        for name, label, required in fields
    ]
    return tuple(sorted(found, key=lambda one: (not one.required, one.share.value or 0.0)))


def _filled(figures: Figures, name: str, *, required: bool) -> Share:
    if required:
        return Share(figures.required[name], figures.checked)
    return Share(figures.filled[name], figures.valid)


class Connection(StrEnum):
    """How an item stands to the day by which the annex wanted it shared."""

    IN_TIME = "in_time"
    LATE = "late"
    OVERDUE = "overdue"
    AWAITED = "awaited"
    CONNECTED = "connected"
    MISSING = "missing"

    @property
    def label(self) -> str:
        return _CONNECTION_LABELS[self]


_CONNECTION_LABELS: Mapping[Connection, str] = {
    Connection.IN_TIME: "按期接入",
    Connection.LATE: "逾期接入",
    Connection.OVERDUE: "逾期未接入",
    Connection.AWAITED: "未到期",
    Connection.CONNECTED: "已接入",
    Connection.MISSING: "未接入",
}
_DUE: Final = re.compile(r"^(\d{4})年(?:(\d{1,2})月)?底?$")


def due_on(words: str) -> date | None:
    """Return the last day of a time limit as the annex prints it (2021年底, 2022年6月), if it is one."""
    found = _DUE.match(words)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2] or 12)
    return date(year, month, monthrange(year, month)[1])


def connection(words: str, first_filed_on: date | None, *, today: date) -> Connection:
    """Say how an item stands: `words` is the channel's `due`, the day that of the first batch filed here."""
    due = due_on(words)
    if due is None:
        return Connection.MISSING if first_filed_on is None else Connection.CONNECTED
    if first_filed_on is None:
        return Connection.OVERDUE if due < today else Connection.AWAITED
    return Connection.IN_TIME if first_filed_on <= due else Connection.LATE


def months_until(month: str, count: int) -> tuple[str, ...]:
    """Return the months (YYYY-MM) that end with this one, the oldest first."""
    year, number = (int(part) for part in month.split("-"))
    last = year * 12 + number - 1
    return tuple(f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(last - count + 1, last + 1))


def span_of(month: str) -> tuple[date, date]:
    """Return the first and the last day of a month (YYYY-MM)."""
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])


def month_after(month: str) -> str:
    """Return the month that follows."""
    return (span_of(month)[1] + timedelta(days=1)).strftime("%Y-%m")
