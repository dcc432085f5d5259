"""Address of a person or a property: to the county (level B: to the street)."""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue import places
from rongxin.catalogue.field_type import FieldType


class Address(FieldType):
    name = "address"
    label = "地址"
    label_en = "Address"
    max_length = 500
    sensitive = True

    def _read(self, text: str) -> str:
        return text

    def mask(self, value: Any) -> str:
        return places.to_county(value)

    def mask_for_operator(self, value: Any) -> str:
        return places.to_street(value)

    def example(self, rng: random.Random) -> str:
        return f"云州市云溪区星槐路{rng.randint(1, 999)}号（虚构）"


TYPE = Address()
