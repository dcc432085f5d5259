"""分档, as the annex has it for social insurance: a range in words, already coarse, shown as it is.

An exact figure in such a column is refused: it is more than the annex shares.
"""

from __future__ import annotations

import random
import re
from typing import Any

from rongxin.catalogue import masking
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import FieldType, without_blanks

_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,2})?(?:人|元|万|万元|亿元)?"
FORMS = re.compile(
    rf"{_NUMBER}–{_NUMBER}|{_NUMBER}(?:及|\(含\))?以[上下]|(?:少于|不足|超过|[<>≤≥]){_NUMBER}"
    r"|第?[0-9一二三四五六七八九十]{1,2}档|[A-Z]档?"
)
_DASH = re.compile(r"[-–—~～至到]")


class Band(FieldType):
    name = "band"
    label = "分档"
    label_en = "Band"
    max_length = 50

    def _read(self, text: str) -> str:
        band = _DASH.sub("–", without_blanks(text).replace(",", ""))
        if not FORMS.fullmatch(band):
            raise Unclean("not_a_band", f"{text} 不是分档，应如 50-99人、100人以上、第3档；不得填写确切数值")
        return band

    def mask(self, value: Any) -> str:
        return value if isinstance(value, str) and FORMS.fullmatch(value) else masking.STARS

    def example(self, rng: random.Random) -> str:
        return rng.choice(("1–9人", "10–19人", "20–49人", "50–99人", "100–299人"))


TYPE = Band()
