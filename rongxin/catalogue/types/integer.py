"""A whole number; a head count is masked to a band."""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue import bands, masking, numerals
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import Column, FieldType


class Integer(FieldType):
    name = "integer"
    label = "整数"
    label_en = "Whole number"
    column = Column.INTEGER
    max_length = 40
    widget = "number"

    def _read(self, text: str) -> int:
        number = numerals.read(text)
        if number != number.to_integral_value():
            raise Unclean("not_whole", f"{text} 不是整数，请核对 (not a whole number)")
        if abs(number) > numerals.EXACT_MAX:
            raise Unclean(
                "too_large", f"整数 {text} 超出±{numerals.EXACT_MAX}，无法精确交换，请核对 (too large)"
            )
        return int(number)

    def mask(self, value: Any) -> str:
        return bands.of("head_count", value)

    def mask_for_operator(self, value: Any) -> str:
        number = numerals.stored(value)
        return masking.STARS if number is None else numerals.plain(number)

    def example(self, rng: random.Random) -> int:
        return rng.randint(0, 120)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": -numerals.EXACT_MAX, "maximum": numerals.EXACT_MAX}

    def format(self, value: Any) -> str:
        number = numerals.stored(value)
        return str(value) if number is None else f"{int(number):,}"

    def json(self, value: Any) -> int:
        return int(value)


TYPE = Integer()
