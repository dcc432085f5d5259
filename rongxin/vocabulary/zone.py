"""The time zone in which the platform's days begin and end, whatever the machine's own is."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")


def business_day(moment: datetime) -> date:
    """Return the business date of a moment."""
    return moment.astimezone(BUSINESS_ZONE).date()
