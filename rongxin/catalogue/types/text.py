"""A short text. It may say anything, so its mask says nothing."""

from __future__ import annotations

import random

from rongxin.catalogue.field_type import FieldType


class Text(FieldType):
    name = "text"
    label = "文本"
    label_en = "Text"
    max_length = 1000

    def _read(self, text: str) -> str:
        return text

    def example(self, rng: random.Random) -> str:
        return rng.choice(("虚构示例甲", "虚构示例乙", "虚构示例丙"))


TYPE = Text()
