"""Numbers of persons, phones and cards hidden in free text, and taking them out.

They are sought in the text as NFKC writes it, with Chinese digits read as digits, through blanks, dashes,
characters nobody sees, commas, stars and brackets. A number counts when its form and its check digit, or its
date of birth, fit. Commas and the like part the members of lists too (150、2000、3000元), so through those a
number without a check digit of its own counts only in the groups in which people write one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

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
_MOBILE = re.compile(r"((?:00|0)?86)?(1[3-9][0-9]{9})")
_UUID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z])")
_SHORTEST, _LONGEST = 11, 20
#: Whatever `_digit` may take for a digit: a text with fewer of them than the shortest number holds none.
_DIGIT = re.compile(rf"[\dXx×{''.join(_DIGITS)}]")
_SIGNS_MAX = 3  # signs that one sees between two groups; blanks may be any number
_ISSUERS = "3456"  # with what numbers of bank cards begin (UnionPay 62, Visa 4, Mastercard 5, JCB 35)
_LISTING = ",、*()"
_BLANKS_MAX = 3  # more part columns, and count as a list's comma
#: In which groups people write a number that they part.
_USUAL = {
    "mobile": frozenset({(3, 8), (3, 4, 4), (1,) * 11}),
    "card": frozenset({(4, 4, 4, 4, *rest) for rest in ((), (1,), (2,), (3,))}),
    "old": frozenset({(6, 6, 3), (1,) * 15}),
    "resident": frozenset({(6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (1,) * 18}),
}
#: What stands behind an amount or a number of a document.
_COUNTS = re.compile(r"\s*(?:美?元|[万亿](?:美?元|\W|$)|%|[号条款项件人户吨箱台套个米克册页]|[mk]?[mgL]\b)")


@dataclass(frozen=True, slots=True)
class _Token:
    """A group of digits: where it stands in the text, and whether a list's sign stands before it."""

    start: int
    end: int
    digits: str
    listed: bool


def redact(text: str) -> str:
    """Replace each such number by a mark; a text without any comes back unchanged."""
    plain = unicodedata.normalize("NFKC", text)
    if len(_DIGIT.findall(plain)) < _SHORTEST:
        return text
    found = False
    # Taking one out may lay the next one bare (证号 and phone written together).
    while spans := sorted(_spans(plain)):
        plain, found = _marked(plain, spans), True
    return plain if found else text


def holds_number(text: str) -> bool:
    """Say whether a short text (a reference, a user name) holds such a number beyond reasonable doubt.

    One long number in ten has a card's check digit by chance; here only what begins like an issuer's counts.
    A UUID holds none: its digits are random. One of digits alone is no UUID that anybody made.
    """
    plain = _UUID.sub(_unless_of_digits, unicodedata.normalize("NFKC", text))
    if len(_DIGIT.findall(plain)) < _SHORTEST:
        return False
    for start, end in _spans(plain):
        digits = "".join(_digit(character, "00") for character in plain[start:end])
        if len(digits) == 18 or _kind(digits) != "card" or digits[0] in _ISSUERS:
            return True
    return False


def _unless_of_digits(found: re.Match[str]) -> str:
    return found[0] if found[0].replace("-", "").isdigit() else "U"


def _marked(plain: str, spans: list[tuple[int, int]]) -> str:
    out, position = [], 0
    for start, end in spans:
        if start >= position:
            out += [plain[position:start], MARK]
        position = max(position, end)
    return "".join([*out, plain[position:]])


def _spans(plain: str) -> Iterator[tuple[int, int]]:
    for run in _runs(plain):
        for first in range(len(run)):
            yield from _from(plain, run, first)
        for token in run:
            yield from ((token.start + a, token.start + b) for a, b in _inside(token.digits))


def _runs(plain: str) -> Iterator[list[_Token]]:
    """Part a text into runs of digit groups between which only separators stand."""
    run: list[_Token] = []
    start, digits, signs, blanks, listed = 0, "", 0, 0, False
    for position, character in enumerate(plain + "。"):
        digit = _digit(character, digits)
        if digit:
            start = position if not digits else start
            digits += digit
            continue
        if digits:
            run.append(_Token(start, position, digits, listed or blanks > _BLANKS_MAX))
            digits, signs, blanks, listed = "", 0, 0, False
        if _unseen(character):
            blanks += 1
            continue
        signs += 1
        listed = listed or character in _LISTING
        if not _parts(character) or signs > _SIGNS_MAX:
            if run:
                yield run
            run, blanks, listed = [], 0, False


def _digit(character: str, before: str) -> str:
    if "0" <= character <= "9":
        return character
    if character in "Xx×" and len(before) >= 2:
        return "X"
    if character in _DIGITS:
        return _DIGITS[character]
    return str(unicodedata.decimal(character)) if character.isdecimal() else ""


def _unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cf", "Mn")


def _parts(character: str) -> bool:
    return unicodedata.category(character) == "Pd" or character in "·._/" or character in _LISTING


def _from(plain: str, run: list[_Token], first: int) -> Iterator[tuple[int, int]]:
    """Join groups, the first one on, as long as a number could still come out of them."""
    joined, lengths, listed = "", [], False
    for token in run[first:]:
        listed = listed or (bool(joined) and token.listed)
        joined += token.digits
        lengths.append(len(token.digits))
        if len(joined) > _LONGEST:
            return
        counts = _COUNTS.match(plain, token.end) is not None
        if len(joined) >= _SHORTEST and _is_personal(joined, lengths, listed=listed, counts=counts):
            yield run[first].start, token.end


def _inside(digits: str) -> Iterator[tuple[int, int]]:
    """Find a resident's number inside a longer unbroken group (证号 and phone written together)."""
    for start in range(len(digits) - 17):
        if id_number.is_resident(digits[start : start + 18]):
            yield start, start + 18


def _is_personal(digits: str, lengths: list[int], *, listed: bool, counts: bool) -> bool:
    """Say whether digits in groups of these lengths are a person's; `counts`: they are followed by a unit."""
    if len(digits) == 18 and id_number.is_resident(digits):
        return True
    kind = _kind(digits)
    if not kind or len(lengths) == 1:
        return bool(kind)
    if tuple(_without(len(digits) - 11 if kind == "mobile" else 0, lengths)) in _USUAL[kind]:
        return not listed or _not_of_a_list(kind, digits, counts=counts)
    return not listed and not (counts and kind == "mobile")


def _not_of_a_list(kind: str, digits: str, *, counts: bool) -> bool:
    """Say whether groups that could be a list's members (1000、2000、3000、4000) are rather one number."""
    if kind == "card":
        return digits[0] in _ISSUERS and not counts
    return kind != "mobile" or not counts


def _kind(digits: str) -> str:
    """Name what digits could be by their form; empty where nothing."""
    if _MOBILE.fullmatch(digits):
        return "mobile"
    if len(digits) == 15:
        of_person = _OLD_RESIDENT.fullmatch(digits) and int(digits[:2]) in _RESIDENT_PROVINCES
        return "old" if of_person else ""
    if len(digits) == 18 and id_number.has_birth_date(digits):
        return "resident" if int(digits[:2]) in _RESIDENT_PROVINCES else ""
    card = 16 <= len(digits) <= 19 and digits.isdecimal() and _luhn(digits) and not _is_code(digits)
    return "card" if card else ""


def _without(prefix: int, lengths: list[int]) -> Iterator[int]:
    """Give the lengths of groups without the first digits of all (86 of a phone)."""
    for length in lengths:
        taken = min(prefix, length)
        prefix -= taken
        if length > taken:
            yield length - taken


def _is_code(digits: str) -> bool:
    found = uscc.examine(digits)
    return found.acceptable and found.inner_ok


def _luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
