"""Name of a natural person: the first character, then stars (level B: also the last of three or more)."""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue import masking
from rongxin.catalogue.field_type import FieldType

_SURNAMES = "云岚霁桐槐芷砚榆檀苇汀"
_GIVEN = "禾麦谷粟豆果叶花木林森石山川江河湖海星月"
_DOTS = "·•・‧"


class PersonName(FieldType):
    name = "person_name"
    label = "姓名"
    label_en = "Name of a person"
    max_length = 100
    sensitive = True

    def _read(self, text: str) -> str:
        return text

    def mask(self, value: Any) -> str:
        name = _name(value)
        if not name:
            return masking.STARS
        if any(dot in name for dot in _DOTS):
            return name[0] + "***"  # 买买提·吐尔逊 → 买***: the length of a part would tell too much
        return "*" if len(name) == 1 else name[0] + "*" * (len(name) - 1)

    def mask_for_operator(self, value: Any) -> str:
        name = _name(value)
        if len(name) < 3 or any(dot in name for dot in _DOTS):
            return self.mask(name)
        return masking.keep(name, 1, 1)

    def example(self, rng: random.Random) -> str:
        given = "".join(rng.choice(_GIVEN) for _ in range(rng.choice([1, 2, 2])))
        return rng.choice(_SURNAMES) + given


def _name(value: Any) -> str:
    """Give the name, or nothing where the value is no person's name."""
    if not isinstance(value, str):
        return ""
    name = value.strip()
    if not name or masking.only_stars(name):
        return "" if len(name) != 1 else name
    if not name[0].isalpha() or any(c.isdigit() or not (c.isprintable() or c == " ") for c in name):
        return ""
    return name


TYPE = PersonName()
