"""Invented persons: a name and an identity number that nobody can hold.

The number's check character is right (GB 11643, ISO 7064 MOD 11-2), its region 9901xx is unallocated. It
follows from the person's place among all persons, so that no two share one however large the city.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from rongxin.city import words
from rongxin.city.streams import Stream

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CARD = "居民身份证"
_FIRST_DAY, _LAST_DAY = date(1960, 1, 1), date(2001, 12, 31)
#: So many persons have numbers of their own in one region: a thousand a birthday.
NUMBERS = ((_LAST_DAY - _FIRST_DAY).days + 1) * 1000
_STEP = 6_700_417  # a prime that doesn't divide it, hence a shuffle of all numbers
#: Who stands at which places: the representatives of subjects from 0 on, one a subject, then these.
PLEDGEES = 1_000_000  # one a subject
LITIGANTS = 2_000_000  # nine a subject


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    first17: str

    @property
    def id_number(self) -> str:
        return id_number(self.first17)


def id_number(first17: str) -> str:
    """The 18 characters of an identity number from its first seventeen."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return first17 + "10X98765432"[total % 11]


def invent(draw: Stream, district: str, place: int, name: str = "") -> Person:
    """The grown-up of that place in the district, under a given name or an invented one.

    Different places below `NUMBERS` have different identity numbers, in whatever districts.
    """
    if place >= NUMBERS:
        raise ValueError(f"place {place} is too high: a district has numbers for {NUMBERS} persons")
    for _ in range(4):
        draw.unit()  # once birthday and serial; without them all that is drawn afterwards would be another's
    day, serial = divmod(place * _STEP % NUMBERS, 1000)
    born = _FIRST_DAY + timedelta(days=day)
    first17 = f"{district}{born.year}{born.month:02d}{born.day:02d}{serial:03d}"
    return Person(name or words.person_name(draw), first17)


def phone(draw: Stream) -> str:
    """Eleven digits beginning with 164, a range in which no mobile network has numbers."""
    return "164" + draw.digits(8)
