"""What all types of decimal numbers share: how they are read, stored and written; each type has its unit."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any, ClassVar

from rongxin.catalogue import bands, masking, numerals
from rongxin.catalogue.field_type import Column, FieldType


class DecimalType(FieldType):
    """A number with decimals. Masked, it becomes a band of `band_name`, whose scale counts single units."""

    column = Column.DECIMAL
    max_length = 40
    widget = "number"
    prefixes: ClassVar[tuple[str, ...]] = ()
    suffixes: ClassVar[tuple[str, ...]] = ()
    band_name: ClassVar[str]
    #: How many of the band's units one of this type's is.
    scale_factor: ClassVar[int] = 1
    unit: ClassVar[str] = ""
    grouped: ClassVar[bool] = True
    #: The largest example, in hundredths.
    hundredths_max: ClassVar[int]

    def _read(self, text: str) -> Decimal:
        return numerals.read(text, prefixes=self.prefixes, suffixes=self.suffixes)

    def mask(self, value: Any) -> str:
        return bands.of(self.band_name, value, scale_factor=self.scale_factor)

    def mask_for_operator(self, value: Any) -> str:
        number = numerals.stored(value)
        return masking.STARS if number is None else numerals.plain(number)

    def example(self, rng: random.Random) -> Decimal:
        return numerals.normal(Decimal(rng.randint(1, self.hundredths_max)) / 100)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}

    def format(self, value: Any) -> str:
        number = numerals.stored(value)
        if number is None:
            return str(value)
        written = f"{numerals.normal(number):,f}" if self.grouped else numerals.plain(number)
        return written + self.unit

    def json(self, value: Any) -> str:
        number = numerals.stored(value)
        return str(value) if number is None else numerals.plain(number)
