"""Dates as departments write them: 2026-03-01, 2026/3/1, 20260301, 2026年3月1日, serials.

Orders other than year, month, day, years of two digits, and Chinese numerals are refused, never guessed.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import half_width

#: Year, month, day with one kind of separator, and a time of day that is dropped.
SEPARATED = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
    r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?"
)
COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:\.0{1,6})?")
#: Days since 1899-12-30, the serial of a spreadsheet; a fraction is the time of day.
SERIAL = re.compile(r"([0-9]{5})(?:\.[0-9]{1,12})?")
SERIAL_EPOCH = date(1899, 12, 30)
SERIAL_MIN, SERIAL_MAX = 10000, 73050  # 1927-05-18 … 2099-12-31
YEAR_MIN = 1800
_CHINESE = re.compile(r"[〇零一二三四五六七八九十元○]")
_OPEN_ENDED = frozenset({"长期", "长期有效", "永久", "永久有效", "无固定期限", "无期限"})


def read(text: str) -> date:
    """Read a date, or raise `Unclean`."""
    plain = half_width(text).strip()
    if match := SEPARATED.fullmatch(plain):
        year, _, month, day, month_zh, day_zh = match.groups()
        return _date(text, int(year), int(month or month_zh), int(day or day_zh))
    if match := COMPACT.fullmatch(plain):
        return _date(text, int(match[1]), int(match[2]), int(match[3]))
    if match := SERIAL.fullmatch(plain):
        serial = int(match[1])
        if not SERIAL_MIN <= serial <= SERIAL_MAX:
            raise Unclean("date_impossible", f"日期 {text} 不是有效的电子表格日期序号，请写成 2026-03-01")
        return SERIAL_EPOCH + timedelta(days=serial)
    if plain in _OPEN_ENDED:
        raise Unclean("date_open_ended", f"{text} 不是日期；长期有效的按双公示标准填 2099-12-31")
    if _CHINESE.search(plain):
        raise Unclean("chinese_numerals", f"日期 {text} 含中文数字，请写成 2026-03-01（平台不作推测）")
    raise Unclean(
        "date_format", f"{text} 不是可识别的日期，应如 2026-03-01、2026/3/1、20260301 或 2026年3月1日"
    )


def _date(text: str, year: int, month: int, day: int) -> date:
    if year < YEAR_MIN:
        raise Unclean("date_impossible", f"日期 {text} 的年份早于{YEAR_MIN}年，请核对")
    try:
        return date(year, month, day)
    except ValueError:
        raise Unclean("date_impossible", f"日期 {text} 不存在，请核对月和日") from None
