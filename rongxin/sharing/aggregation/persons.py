"""Rows of natural persons in a file of firms: the notice shares 涉企信用信息, so they are not kept at all.

A resident identity number (GB 11643) where the code of a firm should stand, or 行政相对人类别 = 自然人, puts
a row out of scope. Individual businesses and firms have codes of their own (附件 注1) and are none of this.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

from rongxin.catalogue.types import id_number
from rongxin.vocabulary import uscc

# First two digits of identity numbers: the provinces of GB/T 2260 (and 81–83 for residents of 港澳台).
_PROVINCES: Final = frozenset(
    str(number)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for number in range(first, last + 1)
)
# Companies, individual businesses, cooperatives and village collectives: no identity number begins so.
_FIRMS: Final = ("91", "92", "93", "N")
_MASKED: Final = re.compile(r"[0-9]{1,6}[*＊xX]{6,16}[0-9X]{0,4}")
# 自然人 as it is and as JSON may write it.
_WORDS: Final = ("自然人", r"\u81ea\u7136\u4eba")
_NUMBERS: Final = re.compile(r"(?<![0-9A-Za-z])[0-9]{1,17}[0-9*xX]{1,17}(?![0-9A-Za-z])")
_NATURAL_PERSON: Final = frozenset({"自然人", "个人", "公民"})

#: What may be one of these, for a whole column at once (a superset of `is_identity_number`).
SUSPECT: Final = r"^[\s0-9０-９*＊xXｘＸ]{7,}$"


def is_identity_number(text: str) -> bool:
    """Tell a resident identity number (18 or 15 digits, or masked) from a firm's code.

    A number with a wrong check digit is a person's all the same; one that is a right code of a firm too
    counts as a person's where it is right as such. An old registration number (工商注册号) has 15 digits as
    well, but ends in a check digit of its own.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if plain.startswith(_FIRMS):
        return False
    if _MASKED.fullmatch(plain):
        return True
    if id_number.has_birth_date(plain):
        return not uscc.examine(plain).acceptable or (
            plain[:2] in _PROVINCES and id_number.is_resident(plain)
        )
    if re.fullmatch(r"[0-9]{15}", plain):
        return plain[:2] in _PROVINCES and _is_day(plain[6:12]) and not _is_registration_number(plain)
    return False


def is_old_code(text: str) -> bool:
    """Tell a firm's old code (组织机构代码 or 工商注册号) by its own check digit: it waits, it is no
    person.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper().replace("-", "")
    if re.fullmatch(r"[0-9A-Z]{8}[0-9X]", plain):
        return uscc.organisation_check_digit(plain[:8]) == plain[8]
    return bool(re.fullmatch(r"[0-9]{15}", plain)) and _is_registration_number(plain)


def are_spoken_of(text: str) -> bool:
    """Whether a text that could not be parsed into columns may be a person's row: by a word or a number."""
    plain = unicodedata.normalize("NFKC", text)
    if any(word in plain for word in _WORDS):
        return True
    return any(is_identity_number(number) for number in _NUMBERS.findall(plain))


def is_natural_person(category: str) -> bool:
    """Tell 行政相对人类别 = 自然人, as departments write it."""
    return "".join(unicodedata.normalize("NFKC", category).split()) in _NATURAL_PERSON


def _is_day(yymmdd: str) -> bool:
    try:
        date(1900 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        return False
    return True


def _is_registration_number(digits: str) -> bool:
    """ISO 7064 MOD 11,10, as 工商行政管理市场主体注册号编制规则 has it."""
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (product + int(digits[-1])) % 10 == 1
