"""A code or word of a closed list; which list, the field says."""

from __future__ import annotations

import random

from rongxin.catalogue.field_type import FieldType, without_blanks


class Code(FieldType):
    name = "code"
    label = "代码"
    label_en = "Code"
    max_length = 64
    widget = "select"

    def _read(self, text: str) -> str:
        return without_blanks(text)

    def example(self, rng: random.Random) -> str:
        return f"{rng.randint(1, 99):02d}"


TYPE = Code()
