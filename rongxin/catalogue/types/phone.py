"""Telephone number: mobile 3+4; landline area and last 2 (level B: last 4)."""

from __future__ import annotations

import random
import re
from typing import Any

from rongxin.catalogue import masking
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import FieldType, half_width

_MOBILE = re.compile(r"1[3-9][0-9*]{5}[0-9]{4}")
_LANDLINE = re.compile(r"(0[0-9]{2,3})-?([2-9*][0-9*]{6,7})")
_DECORATION = re.compile(r"^(?:\+?86[- ]?)(?=1[3-9])|[\s()]")


class Phone(FieldType):
    name = "phone"
    label = "电话"
    label_en = "Telephone"
    max_length = 30
    sensitive = True
    sealed = True
    widget = "tel"

    def _read(self, text: str) -> str:
        number = _plain(text)
        if "*" not in number and (_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number)):
            return number
        raise Unclean("phone_format", "应为11位手机号，或带区号的固定电话，如 0571-88886666")

    def mask(self, value: Any) -> str:
        return _masked(value, 2)

    def mask_for_operator(self, value: Any) -> str:
        return _masked(value, 4)

    def example(self, rng: random.Random) -> str:
        return f"0990-{rng.randint(20000000, 89999999)}"


def _plain(text: str) -> str:
    return _DECORATION.sub("", half_width(text).strip())


def _masked(value: Any, last: int) -> str:
    if not isinstance(value, str):
        return masking.STARS
    number = _plain(value)
    if _MOBILE.fullmatch(number):
        return masking.keep(number, 3, 4)
    if match := _LANDLINE.fullmatch(number):
        return f"{match[1]}-{masking.keep(match[2], 0, last)}"
    return masking.STARS


TYPE = Phone()
