"""The subjects of the invented city: who they are, and the two latent figures that all about them follows.

`health` (standard normal, high = sound) and `trend` (where it is heading) are in no file that a department or
a provider sends. They make taxes, bills, penalties and lawsuits of one firm agree with each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from rongxin.city import people, sectors, words
from rongxin.city.people import Person
from rongxin.city.sectors import Sector, Size
from rongxin.city.streams import Stream
from rongxin.vocabulary import uscc
from rongxin.vocabulary.subject_kind import SubjectKind

KINDS = {
    SubjectKind.COMPANY: 46,
    SubjectKind.INDIVIDUAL_BUSINESS: 48,
    SubjectKind.FARMER_COOPERATIVE: 4,
    SubjectKind.VILLAGE_COLLECTIVE: 2,
}
_STEPS: Mapping[SubjectKind, Mapping[str, float]] = {
    SubjectKind.COMPANY: {"micro": 69, "small": 25, "medium": 5, "large": 1},
    SubjectKind.INDIVIDUAL_BUSINESS: {"micro": 97, "small": 3},
    SubjectKind.FARMER_COOPERATIVE: {"micro": 84, "small": 15, "medium": 1},
    SubjectKind.VILLAGE_COLLECTIVE: {"micro": 80, "small": 20},
}
_PREFIX = {
    SubjectKind.COMPANY: "91",
    SubjectKind.INDIVIDUAL_BUSINESS: "92",
    SubjectKind.FARMER_COOPERATIVE: "93",
    SubjectKind.VILLAGE_COLLECTIVE: "N2",
}
IN_BUSINESS, DEREGISTERED, REVOKED = "存续", "注销", "吊销，未注销"
#: So many codes there are; numbers below have different ones.
BODIES = 31**6
BODY_STEP = 15_485_863  # a prime, hence a shuffle of all bodies


@dataclass(frozen=True, slots=True)
class Subject:
    number: int
    kind: SubjectKind
    name: str
    uscc: str
    district: str
    address: str
    sector: Sector
    size: Size
    established_on: date
    status: str
    #: The last day of business: today for those in business.
    until: date
    representative: Person
    capital: int  # 万元
    health: float
    trend: float
    story: str = ""

    @property
    def in_business(self) -> bool:
        return self.status == IN_BUSINESS

    @property
    def is_company(self) -> bool:
        return self.kind is SubjectKind.COMPANY

    @property
    def is_firm(self) -> bool:
        """Whether it has accounts, shareholders and a legal representative of its own."""
        return self.kind in (SubjectKind.COMPANY, SubjectKind.FARMER_COOPERATIVE)

    def since(self, today: date, years: float) -> date:
        """The later of its founding and so many years ago: where a look back begins."""
        return max(self.established_on, today - timedelta(days=int(years * 365.25)))


def code(seed: int, number: int, kind: SubjectKind, district: str) -> str:
    """A valid 统一社会信用代码 in the unallocated region 9901xx, different for each number below `BODIES`."""
    rest = (number * BODY_STEP + seed * 104_729) % BODIES
    body = ""
    for _ in range(6):
        rest, digit = divmod(rest, 31)
        body = uscc.ALPHABET[digit] + body
    return uscc.compose(_PREFIX[kind], district, f"MA{body}")


def invent(seed: int, number: int, today: date) -> Subject:
    """The subject of that number; it depends on nothing but the seed, the number and the date."""
    draw = Stream(seed, number, "subject")
    kind = draw.weighted(KINDS)
    sector = sectors.all_sectors()[draw.weighted(sectors.of_kind(kind))]
    district = draw.weighted(words.DISTRICT_WEIGHTS)
    size = sectors.size(draw, sector.scale, draw.weighted(_STEPS[kind]))
    years = min(26.0, -6.5 * math.log(1 - draw.unit()) + 0.1)
    established = today - timedelta(days=int(years * 365.25))
    # Old and large firms are the sounder ones: the others are gone.
    health = 0.92 * draw.normal() + 0.13 * math.log(years + 0.3) + 0.15 * sectors.STEPS.index(size.step) - 0.2
    status, until = _fate(draw, established, today, health)
    return Subject(
        number=number,
        kind=kind,
        name=_name(draw, kind, sector, district, size, words.brand(seed, number)),
        uscc=code(seed, number, kind, district),
        district=district,
        address=words.address(draw, district),
        sector=sector,
        size=size,
        established_on=established,
        status=status,
        until=until,
        representative=people.invent(draw, district, number),
        capital=_capital(draw, kind, size),
        health=health,
        trend=0.9 * draw.normal() + 0.15 * health,
    )


def _fate(draw: Stream, established: date, today: date, health: float) -> tuple[str, date]:
    chance, when = draw.unit(), draw.day(max(established, today - timedelta(days=1100)), today)
    leaving = 0.12 * math.exp(-0.8 * health - 0.32)
    if chance < leaving:
        return DEREGISTERED, when
    if chance < leaving * 1.35:
        return REVOKED, when
    return IN_BUSINESS, today


def _name(draw: Stream, kind: SubjectKind, sector: Sector, district: str, size: Size, brand: str) -> str:
    place, word = words.DISTRICTS[district], draw.pick(sector.words)
    if kind is SubjectKind.INDIVIDUAL_BUSINESS:
        tail = word if word.endswith(("店", "馆", "厅", "铺", "超市", "宾馆", "民宿")) else f"{word}部"
        return f"{words.CITY}{place}{brand}{tail}"
    if kind is SubjectKind.FARMER_COOPERATIVE:
        return f"{words.CITY}{place}{brand}{word}农民专业合作社"
    if kind is SubjectKind.VILLAGE_COLLECTIVE:
        return f"{words.CITY}{place}{draw.pick(words.TOWNS)}{brand}村股份经济合作社"
    if size.step == "large" and draw.chance(0.4):
        return f"{words.CITY}{brand}{word}股份有限公司"
    where = place if draw.chance(0.35) else ""
    return f"{words.CITY}{where}{brand}{word}有限{draw.weighted({'公司': 9, '责任公司': 1})}"


def _capital(draw: Stream, kind: SubjectKind, size: Size) -> int:
    if kind is SubjectKind.INDIVIDUAL_BUSINESS:
        return draw.whole(1, 20)
    wanted = size.assets * draw.between(0.1, 0.8)
    steps = (10, 30, 50, 100, 200, 300, 500, 800, 1000, 2000, 3000, 5000, 8000, 10000, 20000, 50000)
    return min(steps, key=lambda step: abs(step - wanted))
