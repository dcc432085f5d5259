"""住所 of a registered subject: public.

Where it must be masked — the 住所 of an individual business may be a home — it is shown to the street.
"""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue import places
from rongxin.catalogue.field_type import FieldType


class RegisteredAddress(FieldType):
    name = "registered_address"
    label = "住所"
    label_en = "Registered address"
    max_length = 500

    def _read(self, text: str) -> str:
        return text

    def mask(self, value: Any) -> str:
        return places.to_street(value)

    def example(self, rng: random.Random) -> str:
        return f"云州市云溪区星槐路{rng.randint(1, 999)}号（虚构）"


TYPE = RegisteredAddress()
