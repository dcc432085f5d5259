"""统一社会信用代码 (GB 32100-2015): public, shown in clear."""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue import masking
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import FieldType
from rongxin.vocabulary import uscc

_EXAMPLE_REGION = "990101"  # unallocated: an invented code can be told from a real one


class Uscc(FieldType):
    name = "uscc"
    label = "统一社会信用代码"
    label_en = "Unified social credit code"
    max_length = 18

    def _prepare(self, text: str) -> str:
        return super()._prepare(uscc.clean(text))

    def _read(self, text: str) -> str:
        found = uscc.examine(text)
        if not found.well_formed:
            raise Unclean("uscc_shape", found.message)
        if not found.outer_ok:
            raise Unclean("uscc_check_digit", found.message)
        return text

    def mask(self, value: Any) -> str:
        return value if isinstance(value, str) and uscc.examine(value).acceptable else masking.STARS

    def example(self, rng: random.Random) -> str:
        body = "".join(rng.choice(uscc.ALPHABET) for _ in range(8))
        return uscc.compose(rng.choice(["91", "91", "92", "93", "N2"]), _EXAMPLE_REGION, body)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^[{uscc.ALPHABET}]{{2}}[0-9]{{6}}[{uscc.ALPHABET}]{{10}}$"}


TYPE = Uscc()
