"""Name of a firm, court, office or other organisation: shown in clear."""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue import masking
from rongxin.catalogue.field_type import FieldType

_BRANDS = ("云禾", "星槐", "岚溪", "砚山", "霁湖", "青麦")
_TRADES = ("贸易", "食品", "机械", "信息技术", "建筑工程", "农业")


class OrganisationName(FieldType):
    name = "organisation_name"
    label = "组织名称"
    label_en = "Name of an organisation"
    max_length = 200

    def _read(self, text: str) -> str:
        return text

    def mask(self, value: Any) -> str:
        return value if isinstance(value, str) else masking.STARS

    def example(self, rng: random.Random) -> str:
        return f"云州市{rng.choice(_BRANDS)}{rng.choice(_TRADES)}有限公司（虚构）"


TYPE = OrganisationName()
