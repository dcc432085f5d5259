"""A quantity in the field's own unit. Masked, it becomes a band."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from rongxin.catalogue import bands, masking, numerals
from rongxin.catalogue.field_type import Column, FieldType

PREFIXES = ()
SUFFIXES = ("立方米", "平方米", "㎡", "m³", "千瓦时", "kWh", "吨", "人")


class Quantity(FieldType):
    name = "quantity"
    label = "数量"
    label_en = "Quantity"
    column = Column.DECIMAL
    max_length = 40
    widget = "number"

    def _read(self, text: str) -> Decimal:
        return numerals.read(text, prefixes=PREFIXES, suffixes=SUFFIXES)

    def mask(self, value: Any) -> str:
        return bands.of("quantity", value)

    def mask_for_operator(self, value: Any) -> str:
        number = numerals.stored(value)
        return masking.STARS if number is None else numerals.plain(number)

    def example(self, rng: random.Random) -> Decimal:
        return numerals.normal(Decimal(rng.randint(1, 90000)) / 100)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}

    def format(self, value: Any) -> str:
        number = numerals.stored(value)
        return str(value) if number is None else f"{numerals.normal(number):,f}"

    def json(self, value: Any) -> str:
        number = numerals.stored(value)
        return str(value) if number is None else numerals.plain(number)


TYPE = Quantity()
