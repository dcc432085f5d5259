"""Number of a bank account, card, meter or customer (户号): the last four characters."""

from __future__ import annotations

import random
import re
from typing import Any

from rongxin.catalogue import masking
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import FieldType, without_blanks

_SHAPE = re.compile(r"[0-9A-Z*][0-9A-Z*./-]{2,38}[0-9A-Z]")
_LENGTH_MIN = 8  # of a shorter number four characters would tell too much


class AccountNumber(FieldType):
    name = "account_number"
    label = "账号或户号"
    label_en = "Account or customer number"
    max_length = 40
    sensitive = True
    sealed = True

    def _read(self, text: str) -> str:
        number = without_blanks(text).upper()
        if not _SHAPE.fullmatch(number):
            raise Unclean("account_format", "账号或户号应为4至40位字母和数字，请核对")
        return number

    def mask(self, value: Any) -> str:
        if not isinstance(value, str):
            return masking.STARS
        number = without_blanks(value).upper()
        if len(number) < _LENGTH_MIN or not _SHAPE.fullmatch(number):
            return masking.STARS
        return masking.keep(number, 0, 4)

    def example(self, rng: random.Random) -> str:
        return f"9901{rng.randint(0, 999999):06d}"


TYPE = AccountNumber()
