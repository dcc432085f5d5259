"""Numbers of persons, phones and cards hidden in free text, and taking them out.

They are sought in the text as NFKC writes it, with Chinese digits read as digits, through blanks, dashes and
characters nobody sees. A number counts when its form and its check digit, or its date of birth, fit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from rongxin.catalogue.types import id_number
from rongxin.vocabulary import uscc

MARK = "[已脱敏]"

_DIGITS = dict(zip("〇○零一二三四五六七八九壹贰叁肆伍陆柒捌玖", "000123456789123456789", strict=True))
_RESIDENT_PROVINCES = frozenset(
    code
    for block in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(block[0], block[1] + 1)
)
_OLD_RESIDENT = re.compile(r"[1-9][0-9]{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}")
_MOBILE = re.compile(r"(?:0?86)?1[3-9][0-9]{9}")
_LONGEST = 20
_Token = tuple[int, int, str]  # from, to (in the text), digits


def redact(text: str) -> str:
    """This function will replace each such number by a mark; a text without any comes back unchanged."""
    plain = unicodedata.normalize("NFKC", text)
    spans = sorted(_spans(plain))
    if not spans:
        return text
    out, position = [], 0
    for start, end in spans:
        if start >= position:
            out += [plain[position:start], MARK]
        position = max(position, end)
    return "".join([*out, plain[position:]])


def _spans(plain: str) -> Iterator[tuple[int, int]]:
    for run in _runs(plain):
        for first in range(len(run)):
            yield from _from(run, first)
        for start, _end, digits in run:
            yield from ((start + a, start + b) for a, b in _inside(digits))


def _runs(plain: str) -> Iterator[list[_Token]]:
    """Part a text into runs of digit groups between which only separators stand."""
    run: list[_Token] = []
    group_start, digits, gap = 0, "", 0
    for position, character in enumerate(plain + "。"):
        digit = _digit(character, digits)
        if digit:
            if not digits:
                group_start = position
            digits += digit
            gap = 0
            continue
        if digits:
            run.append((group_start, position, digits))
            digits = ""
        gap += 1
        if not _separates(character) or gap > 3:
            if run:
                yield run
            run = []


def _digit(character: str, before: str) -> str:
    if "0" <= character <= "9":
        return character
    if character in "Xx×" and len(before) >= 2:
        return "X"
    if character in _DIGITS:
        return _DIGITS[character]
    return str(unicodedata.decimal(character)) if character.isdecimal() else ""


def _separates(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Pd", "Cf", "Mn") or character in "·._/"


def _from(run: list[_Token], first: int) -> Iterator[tuple[int, int]]:
    """Join groups, the first one on, as long as a number could still come out of them."""
    joined = ""
    for _start, end, digits in run[first:]:
        joined += digits
        if len(joined) > _LONGEST:
            return
        if _is_personal(joined):
            yield run[first][0], end


def _inside(digits: str) -> Iterator[tuple[int, int]]:
    """Find a resident's number inside a longer unbroken group (证号 and phone written together)."""
    for start in range(len(digits) - 17):
        if id_number.is_resident(digits[start : start + 18]):
            yield start, start + 18


def _is_personal(digits: str) -> bool:
    if _MOBILE.fullmatch(digits):
        return True
    if len(digits) == 15:
        return _OLD_RESIDENT.fullmatch(digits) is not None and int(digits[:2]) in _RESIDENT_PROVINCES
    if len(digits) == 18 and id_number.has_birth_date(digits):
        return id_number.is_resident(digits) or int(digits[:2]) in _RESIDENT_PROVINCES
    return 16 <= len(digits) <= 19 and digits.isdecimal() and _luhn(digits) and not _is_code(digits)


def _is_code(digits: str) -> bool:
    found = uscc.examine(digits)
    return found.acceptable and found.inner_ok


def _luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
