"""An amount in 万元, because the field says so. Masked, it becomes a band in 元."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from rongxin.catalogue import bands, masking, numerals
from rongxin.catalogue.field_type import Column, FieldType

PREFIXES = ("人民币", "CNY", "RMB", "¥")
SUFFIXES = ("万元", "万")


class Money10kCny(FieldType):
    name = "money_10k_cny"
    label = "金额（万元）"
    label_en = "Amount in ten thousand yuan"
    column = Column.DECIMAL
    max_length = 40
    widget = "number"

    def _read(self, text: str) -> Decimal:
        return numerals.read(text, prefixes=PREFIXES, suffixes=SUFFIXES)

    def mask(self, value: Any) -> str:
        return bands.of("amount_cny", value, scale_factor=10000)

    def mask_for_operator(self, value: Any) -> str:
        number = numerals.stored(value)
        return masking.STARS if number is None else numerals.plain(number)

    def example(self, rng: random.Random) -> Decimal:
        return numerals.normal(Decimal(rng.randint(1, 900000)) / 100)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}

    def format(self, value: Any) -> str:
        number = numerals.stored(value)
        return str(value) if number is None else f"{numerals.normal(number):,f}万元"

    def json(self, value: Any) -> str:
        number = numerals.stored(value)
        return str(value) if number is None else numerals.plain(number)


TYPE = Money10kCny()
