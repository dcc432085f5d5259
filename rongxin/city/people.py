"""Invented persons: a name and an identity number that nobody can hold.

The number's check character is right (GB 11643, ISO 7064 MOD 11-2), its region 9901xx is unallocated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rongxin.city import words
from rongxin.city.streams import Stream

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CARD = "居民身份证"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    id_number: str


def id_number(first17: str) -> str:
    """The 18 characters of an identity number from its first seventeen."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return first17 + "10X98765432"[total % 11]


def invent(draw: Stream, district: str, name: str = "") -> Person:
    """A grown-up of the district, under a given name or an invented one."""
    born = draw.day(date(1960, 1, 1), date(2001, 12, 31))
    number = id_number(f"{district}{born:%Y%m%d}{draw.digits(3)}")
    return Person(name or words.person_name(draw), number)


def phone(draw: Stream) -> str:
    """Eleven digits beginning with 164, a range in which no mobile network has numbers."""
    return "164" + draw.digits(8)
