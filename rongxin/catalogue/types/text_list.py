"""Several short texts in one cell, parted by ；or 、 or line breaks. Each part is masked whole."""

from __future__ import annotations

import random
import re
from typing import Any

from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import Column, FieldType, Json

#: A comma is left alone: it stands inside numbers and names.
SEPARATORS = re.compile(r"\s*[；;、\n\r|]\s*")
_PARTS_MAX = 500


class TextList(FieldType):
    name = "text_list"
    label = "文本列表"
    label_en = "List of texts"
    column = Column.TEXT_LIST
    max_length = 20000
    multiline = True
    widget = "textarea"

    def _read(self, text: str) -> list[str]:
        parts = [part for part in SEPARATORS.split(text) if part]
        if not parts:
            raise Unclean("blank", "单元格中没有内容 (the cell is empty)")
        if len(parts) > _PARTS_MAX:
            raise Unclean("too_long", f"列表超过{_PARTS_MAX}项，请核对列是否对应")
        return parts

    def example(self, rng: random.Random) -> list[str]:
        return [f"虚构示例{n}" for n in range(1, rng.randint(1, 3) + 1)]

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": _PARTS_MAX}

    def format(self, value: Any) -> str:
        return "；".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

    def json(self, value: Any) -> Json:
        return [str(part) for part in value] if isinstance(value, list | tuple) else [str(value)]


TYPE = TextList()
