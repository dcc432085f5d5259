"""What an owner holds instead of knowing a code: the licence's QR text, its number, or her own telephone.
Pure.

The QR of a 营业执照 is an address that mostly carries the 统一社会信用代码 (GB 32100), an older one the
15-digit 注册号. A code is read only where its check digits bear it out; registers hold numbers whose last
digit doesn't.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from rongxin.vocabulary import uscc

#: A QR of the largest edition holds no more than this in letters; nobody types as much.
LENGTH_MAX = 3000
_USCC = re.compile(rf"(?<![0-9A-Z])[{uscc.ALPHABET}]{{{uscc.LENGTH}}}(?![0-9A-Z])")
_NUMBER = re.compile(r"(?<!\d)\d{15}(?!\d)")
_PHONE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")


class What(StrEnum):
    """What was read in a text."""

    USCC = "uscc"
    REGISTRATION_NUMBER = "registration_number"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that tells a firm, or its owner."""

    what: What
    value: str


def read(text: str) -> Reading | None:
    """Return what a text tells; None where it tells nothing, or two things."""
    if len(text) > LENGTH_MAX:
        return None
    plain = unicodedata.normalize("NFKC", unquote(text)).strip().upper()
    phone = _PHONE.fullmatch("".join(plain.split()).replace("-", ""))
    if phone is not None:
        return Reading(What.PHONE, phone[1])
    # Typed in groups, as it stands on the licence; in an address a blank is none of the code's.
    texts = [plain, "".join(plain.split())] if "/" not in plain else [plain]
    for what, found in (
        (What.USCC, {one for each in texts for one in _USCC.findall(each) if uscc.examine(one).acceptable}),
        (What.REGISTRATION_NUMBER, {one for each in texts for one in _NUMBER.findall(each)}),
    ):
        if found:
            return Reading(what, found.pop()) if len(found) == 1 else None
    return None
