"""Days as indicators count them: months back, the year whose report is due, months since. Pure."""

from __future__ import annotations

from datetime import date

from rongxin.vocabulary.period import months_later

#: 企业信息公示暂行条例（国务院令第654号）第八条: the report of a year is handed in by 30 June of the next.
_REPORTS_DUE_FROM_MONTH = 7


def due_year(*, as_of: date) -> int:
    """Return the last year whose annual report everybody has had to hand in."""
    return as_of.year - (1 if as_of.month >= _REPORTS_DUE_FROM_MONTH else 2)


def months_before(*, as_of: date, months: int) -> date:
    """Return the day so many months earlier, the last of its month where that has fewer days."""
    return months_later(as_of, -months)


def months_since(day: date, *, as_of: date) -> int:
    """Return how many whole months lie between; negative where the day is yet to come."""
    whole = (as_of.year - day.year) * 12 + as_of.month - day.month
    return whole - (1 if day.day > as_of.day else 0)
