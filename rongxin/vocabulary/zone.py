"""The time zone in which the platform's days begin and end, whatever the machine's own is."""

from __future__ import annotations

from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")
