"""Free text (违法事实, 判决结果): shown, with numbers of persons, phones and cards taken out.

What is taken out is found after NFKC, through blanks, dashes and Chinese digits, by form and check digit.
"""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue import masking, redaction
from rongxin.catalogue.field_type import FieldType


class FreeText(FieldType):
    name = "free_text"
    label = "长文本"
    label_en = "Free text"
    max_length = 32767  # what a cell of a spreadsheet can hold
    multiline = True
    widget = "textarea"

    def _read(self, text: str) -> str:
        return text

    def mask(self, value: Any) -> str:
        return redaction.redact(value) if isinstance(value, str) else masking.STARS

    def example(self, rng: random.Random) -> str:
        return rng.choice(("虚构示例内容，仅供演示。", "虚构内容：经现场检查，未发现异常。"))


TYPE = FreeText()
