"""A share in percent: `12.5` and `12.5%` are the same. Masked, it becomes a band."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from rongxin.catalogue import bands, masking, numerals
from rongxin.catalogue.field_type import Column, FieldType

PREFIXES = ()
SUFFIXES = ("%",)


class Percentage(FieldType):
    name = "percentage"
    label = "百分比"
    label_en = "Percentage"
    column = Column.DECIMAL
    max_length = 40
    widget = "number"

    def _read(self, text: str) -> Decimal:
        return numerals.read(text, prefixes=PREFIXES, suffixes=SUFFIXES)

    def mask(self, value: Any) -> str:
        return bands.of("percentage", value)

    def mask_for_operator(self, value: Any) -> str:
        number = numerals.stored(value)
        return masking.STARS if number is None else numerals.plain(number)

    def example(self, rng: random.Random) -> Decimal:
        return numerals.normal(Decimal(rng.randint(1, 10000)) / 100)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}

    def format(self, value: Any) -> str:
        number = numerals.stored(value)
        return str(value) if number is None else f"{numerals.plain(number)}%"

    def json(self, value: Any) -> str:
        number = numerals.stored(value)
        return str(value) if number is None else numerals.plain(number)


TYPE = Percentage()
