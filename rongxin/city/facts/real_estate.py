"""附件 9 不动产信息: what a firm owns and what of it is mortgaged; answered by verification only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from rongxin.city import authorities, sectors
from rongxin.city.city import City
from rongxin.city.facts.rows import Row, remembered
from rongxin.city.streams import Stream, odds
from rongxin.city.subjects import Subject
from rongxin.city.words import CITY
from rongxin.vocabulary import uscc
from rongxin.vocabulary.subject_kind import SubjectKind

BANKS = {
    f"{CITY}晴川银行股份有限公司": uscc.compose("91", "990100", "MA9BANK1"),
    f"{CITY}青禾农村商业银行股份有限公司": uscc.compose("91", "990100", "MA9BANK2"),
}


@remembered
def _holdings(city: City, subject: Subject) -> list[tuple[str, str, int]]:
    """(certificate number, unit number, year) of each property; both items draw the same list."""
    draw = city.stream(subject, "holdings")
    rank = sectors.STEPS.index(subject.size.step)
    chance = (0.03, 0.16, 0.5, 0.85)[rank]
    if subject.kind is not SubjectKind.COMPANY:
        chance *= 0.2
    if not draw.chance(chance) or not subject.in_business:
        return []
    found = []
    for serial in range(1 + draw.count(0.4 * (rank + 1), most=6)):
        year = draw.day(subject.since(city.today, 12), city.today).year
        number = f"云({year})云州市不动产权第{subject.number * 10 + serial:08d}号"
        block, lot = divmod(subject.number, 100_000)
        unit = f"{subject.district}001001GB{lot:05d}F{block:04d}{serial:04d}"
        found.append((number, unit, year))
    return found


def real_estate(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    for number, unit, year in _holdings(city, subject):
        yield {
            "right_holder": subject.name,
            "right_holder_identifier": subject.uscc,
            "real_estate_certificate_number": number,
            "real_estate_unit_number": unit,
            "real_estate_use": "工业用地/工业" if subject.sector.makes_things else "商服用地/商业",
            "real_estate_location": subject.address,
            "area_sqm": round(Decimal(draw.between(60, 900) * (1 + subject.size.employees / 20)), 2),
            "use_term": f"国有建设用地使用权至{year + draw.pick((40, 50))}年12月31日止",
            "real_estate_registry": authorities.find("land").name,
            "registered_on": draw.day(
                max(subject.established_on, city.today.replace(year=year, month=1, day=1)),
                min(city.today, city.today.replace(year=year, month=12, day=31)),
            ),
        }


def mortgage(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    for serial, (_, unit, year) in enumerate(_holdings(city, subject)):
        if not draw.chance(odds(0.4, subject.health, 0.3)):
            continue
        bank = draw.pick(tuple(BANKS))
        first = max(subject.established_on, city.today.replace(year=year, month=12, day=31))
        paper = subject.number * 10 + serial
        registered = draw.day(min(first, city.today - timedelta(days=1)), city.today)
        yield {
            "mortgagee": bank,
            "mortgagee_identifier": BANKS[bank],
            "mortgage_certificate_number": f"云({registered.year})云州市不动产证明第{paper:08d}号",
            "real_estate_unit_number": unit,
            "right_type": "抵押权",
            "mortgagor": subject.name,
            "mortgage_registered_on": registered,
        }
