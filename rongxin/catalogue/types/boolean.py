"""Yes or no: 是 否, 有 无, true false, 1 0, Y N."""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import Column, FieldType, half_width

YES = frozenset({"是", "有", "TRUE", "YES", "Y", "1", "1.0"})
NO = frozenset({"否", "无", "FALSE", "NO", "N", "0", "0.0"})


class Boolean(FieldType):
    name = "boolean"
    label = "是否"
    label_en = "Yes or no"
    column = Column.BOOLEAN
    max_length = 20
    widget = "checkbox"

    def _read(self, text: str) -> bool:
        word = half_width(text).upper()
        if word in YES:
            return True
        if word in NO:
            return False
        raise Unclean("boolean_word", f"{text} 应为 是/否、有/无、true/false 或 1/0")

    def example(self, rng: random.Random) -> bool:
        return rng.random() < 0.5

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def format(self, value: Any) -> str:
        if isinstance(value, bool):
            return "是" if value else "否"
        return str(value)

    def json(self, value: Any) -> bool:
        return bool(value)


TYPE = Boolean()
