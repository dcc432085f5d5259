"""A year: 2025, 2025年, 2025年度."""

from __future__ import annotations

import random
import re
from typing import Any

from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import Column, FieldType, half_width

FORMS = re.compile(r"([0-9]{4})(?:年度?|\.0{1,6})?")
YEAR_MIN, YEAR_MAX = 1949, 2100


class Year(FieldType):
    name = "year"
    label = "年度"
    label_en = "Year"
    column = Column.YEAR
    max_length = 20
    widget = "number"

    def _read(self, text: str) -> int:
        match = FORMS.fullmatch(half_width(text))
        if match is None:
            raise Unclean("year_format", f"{text} 不是四位年份，应如 2025")
        year = int(match[1])
        if not YEAR_MIN <= year <= YEAR_MAX:
            raise Unclean("year_format", f"年份 {text} 不在{YEAR_MIN}至{YEAR_MAX}之间，请核对")
        return year

    def example(self, rng: random.Random) -> int:
        return rng.randint(2020, 2025)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": YEAR_MIN, "maximum": YEAR_MAX}

    def format(self, value: Any) -> str:
        return f"{value}年"

    def json(self, value: Any) -> int:
        return int(value)


TYPE = Year()
