"""A month, `2026-03`; a full date counts as its month (spreadsheets turn 2026-3 into a date)."""

from __future__ import annotations

import random
import re
from typing import Any

from rongxin.catalogue import calendar_dates
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import Column, FieldType, half_width

FORMS = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})|年([0-9]{1,2})月份?)|([0-9]{4})([0-9]{2})(?:\.0{1,6})?")


class Month(FieldType):
    name = "month"
    label = "月份"
    label_en = "Month"
    column = Column.MONTH
    max_length = 40
    widget = "month"

    def _read(self, text: str) -> str:
        match = FORMS.fullmatch(half_width(text))
        if match is None:
            return self._of_date(text)
        year, month = int(match[1] or match[4]), int(match[2] or match[3] or match[5])
        if year < calendar_dates.YEAR_MIN or not 1 <= month <= 12:
            raise Unclean("month_format", f"月份 {text} 不存在，应如 2026-03")
        return f"{year:04d}-{month:02d}"

    def _of_date(self, text: str) -> str:
        try:
            return calendar_dates.read(text).strftime("%Y-%m")
        except Unclean as unclean:
            if unclean.rule != "date_format":
                raise
            raise Unclean("month_format", f"{text} 不是可识别的月份，应如 2026-03 或 2026年3月") from None

    def example(self, rng: random.Random) -> str:
        return f"{rng.randint(2022, 2025)}-{rng.randint(1, 12):02d}"

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}

    def format(self, value: Any) -> str:
        year, dash, month = str(value).partition("-")
        return f"{year}年{int(month)}月" if dash and month.isdecimal() else str(value)


TYPE = Month()
