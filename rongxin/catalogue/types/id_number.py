"""Number of a natural person's identity document: first and last character (level B: 3+4 of 18, else 1+3)."""

from __future__ import annotations

import random
import re
from datetime import date
from typing import Any

from rongxin.catalogue import masking
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import FieldType, without_blanks

RESIDENT = re.compile(r"[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SHAPE = re.compile(r"[0-9A-Z][0-9A-Z*()字第号-]{3,28}[0-9A-Z*)号]|[军武警士文][^\s]{4,28}")
_LENGTH_MIN = 5


class IdNumber(FieldType):
    name = "id_number"
    label = "证件号码"
    label_en = "Identity document number"
    max_length = 30
    sensitive = True
    sealed = True

    def _read(self, text: str) -> str:
        number = without_blanks(text).upper()
        if not _SHAPE.fullmatch(number):
            raise Unclean("id_number_shape", "证件号码的位数或字符不符，请核对 (not an identity number)")
        if RESIDENT.fullmatch(number) and not is_resident(number):
            raise Unclean("id_number_check_digit", "居民身份证号码的出生日期或校验码不符，请核对")
        return number

    def mask(self, value: Any) -> str:
        number = _number(value)
        return masking.keep(number, 1, 1) if number else masking.STARS

    def mask_for_operator(self, value: Any) -> str:
        number = _number(value)
        if not number:
            return masking.STARS
        return masking.keep(number, 3, 4) if len(number) == 18 else masking.keep(number, 1, 3)

    def example(self, rng: random.Random) -> str:
        born = date.fromordinal(rng.randint(date(1955, 1, 1).toordinal(), date(2004, 12, 31).toordinal()))
        first17 = f"99010{rng.randint(1, 6)}{born:%Y%m%d}{rng.randint(0, 999):03d}"
        return first17 + check_character(first17)


def check_character(first17: str) -> str:
    """Compute the 18th character of a resident's number (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def has_birth_date(number: str) -> bool:
    """Say whether 18 characters carry a possible date of birth at positions 7–14."""
    if not RESIDENT.fullmatch(number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return True


def is_resident(number: str) -> bool:
    """Say whether this is a resident's number, date and check character right."""
    return has_birth_date(number) and check_character(number[:17]) == number[17]


def _number(value: Any) -> str:
    """Give a number of a known form, masked or not; nothing where the form is unknown."""
    if not isinstance(value, str):
        return ""
    number = without_blanks(value).upper()
    known = len(number) >= _LENGTH_MIN and _SHAPE.fullmatch(number)
    return number if known and not masking.only_stars(number) else ""


TYPE = IdNumber()
