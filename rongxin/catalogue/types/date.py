"""A day of the calendar, as departments write it."""

from __future__ import annotations

import datetime
import random
from typing import Any

from rongxin.catalogue import calendar_dates
from rongxin.catalogue.field_type import Column, FieldType


class Date(FieldType):
    name = "date"
    label = "日期"
    label_en = "Date"
    column = Column.DATE
    max_length = 40
    widget = "date"

    def _read(self, text: str) -> datetime.date:
        return calendar_dates.read(text)

    def example(self, rng: random.Random) -> datetime.date:
        return datetime.date(2021, 1, 1) + datetime.timedelta(days=rng.randint(0, 1800))

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def format(self, value: Any) -> str:
        try:
            day = value if isinstance(value, datetime.date) else datetime.date.fromisoformat(str(value))
        except ValueError:
            return str(value)
        return f"{day.year}年{day.month}月{day.day}日"

    def json(self, value: Any) -> str:
        return value.isoformat() if isinstance(value, datetime.date) else str(value)


TYPE = Date()
