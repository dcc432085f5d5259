"""Identity number of a person, or code of an organisation: codes in clear, everything else masked."""

from __future__ import annotations

import random
from typing import Any

from rongxin.catalogue.field_type import FieldType, without_blanks
from rongxin.catalogue.types import id_number
from rongxin.catalogue.types import uscc as uscc_type
from rongxin.vocabulary import uscc

_BUSINESS = ("91", "92", "93", "N1", "N2", "N3", "N9")  # no identity number begins so


class PartyIdentifier(FieldType):
    name = "party_identifier"
    label = "证件号码或统一社会信用代码"
    label_en = "Identity number or unified social credit code"
    max_length = 30
    sensitive = True
    sealed = True

    def _read(self, text: str) -> str:
        number = without_blanks(text).upper()
        if len(number) == uscc.LENGTH and number.startswith(_BUSINESS):
            return str(uscc_type.TYPE.clean(number))
        return number if is_code(number) else str(id_number.TYPE.clean(number))

    def mask(self, value: Any) -> str:
        return str(value) if is_code(value) else id_number.TYPE.mask(value)

    def mask_for_operator(self, value: Any) -> str:
        return str(value) if is_code(value) else id_number.TYPE.mask_for_operator(value)

    def example(self, rng: random.Random) -> str:
        one = uscc_type.TYPE if rng.random() < 0.5 else id_number.TYPE
        return str(one.example(rng))


def is_code(value: object) -> bool:
    """Say whether this is surely an organisation's code and no person's number.

    A number of 18 digits can satisfy both standards; where a date of birth fits, it counts as a person's.
    """
    if not isinstance(value, str):
        return False
    found = uscc.examine(value)
    if not found.acceptable:
        return False
    return value.startswith(_BUSINESS) or (found.inner_ok and not id_number.has_birth_date(value))


TYPE = PartyIdentifier()
