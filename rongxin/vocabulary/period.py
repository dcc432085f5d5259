"""A span of business days, both ends included; the same day some months on."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Period:
    """A closed interval of dates (Asia/Shanghai business dates)."""

    from_: date
    to: date

    def __post_init__(self) -> None:
        if self.to < self.from_:
            raise ValueError(f"a period ends before it begins: {self.from_} > {self.to}")

    def contains(self, day: date) -> bool:
        return self.from_ <= day <= self.to

    def covers(self, other: Period) -> bool:
        """Say whether the whole of `other` lies within."""
        return self.from_ <= other.from_ and other.to <= self.to

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `2024-01-01/2024-12-31` (ISO 8601 interval)."""
        start, slash, end = text.partition("/")
        if not slash:
            raise ValueError(f"a period is written 2024-01-01/2024-12-31, not {text!r}")
        return cls(date.fromisoformat(start), date.fromisoformat(end))

    def __str__(self) -> str:
        return f"{self.from_.isoformat()}/{self.to.isoformat()}"


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later (or earlier); the month's last where it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
