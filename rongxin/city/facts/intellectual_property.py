"""附件 8, 12 商标和专利, 科技研发: what the inventive have; the health of a firm helps, its trade decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from rongxin.city import words
from rongxin.city.city import City
from rongxin.city.facts.rows import Row, remembered
from rongxin.city.streams import Stream, odds
from rongxin.city.subjects import Subject

_CLASSES = ("7", "9", "11", "25", "29", "30", "31", "35", "42", "43")
_SUPPORT = (
    "市级企业技术中心建设",
    "科技型中小企业研发补助",
    "参与制定团体标准1项",
    "高层次人才认定1人",
    "省级重点实验室共建",
)

_PROGRAMS = ("生产管理", "仓储调度", "设备监测", "客户服务", "进销存")


@remembered
def _inventive(city: City, subject: Subject) -> float:
    """How inventive: nought for most; shared by patents, software and research."""
    draw = city.stream(subject, "inventive")
    if not subject.is_company or not draw.chance(subject.sector.tech * 0.55):
        return 0.0
    return draw.between(0.3, 2.2) * (1 + 0.5 * (subject.size.step in ("medium", "large")))


def trademark(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    mean = odds(0.1, subject.health, -0.35) * (2.2 if subject.sector.makes_things else 1.0)
    if not draw.chance(mean if subject.is_firm else mean * 0.25):
        return
    for serial in range(1 + draw.count(0.7, most=6)):
        applied = draw.day(subject.since(city.today, 11), subject.until - timedelta(days=330))
        if applied < subject.established_on:
            continue
        granted = applied + timedelta(days=draw.whole(240, 320))
        yield {
            "trademark_name": subject.name.removeprefix(words.CITY)[:3]
            + ("" if serial == 0 else "臻选金美新鲜"[serial - 1]),
            "trademark_number": f"9{subject.number:07d}{serial}",
            "applicant": subject.name,
            "applied_on": applied,
            "international_class": draw.pick(_CLASSES),
            "exclusive_right_from": granted,
            "exclusive_right_until": granted + timedelta(days=3652),
        }


def patent(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    for serial in range(draw.count(_inventive(city, subject) * 1.3, most=9)):
        applied = draw.day(subject.since(city.today, 9), subject.until - timedelta(days=200))
        if applied < subject.established_on:
            continue
        kind = draw.weighted({"实用新型": 5, "发明专利": 3, "外观设计": 2})
        published = applied + timedelta(days=draw.whole(100, 199))
        number = f"{applied:%Y}{1 + '发实外'.index(kind[0])}9{subject.number:06d}.{serial}"
        thing = draw.pick(["送料机构", "夹具", "散热装置", "检测方法", "包装盒", "控制系统", "密封件"])
        yield {
            "patent_name": f"一种{draw.pick(subject.sector.words)}用{thing}",
            "patent_type": kind,
            "patent_application_number": f"CN{number}",
            "applicant": subject.name,
            "applicant_address": subject.address,
            "applied_on": applied,
            "inventors": words.person_name(draw),
            "publication_number": f"CN9{subject.number:07d}{serial}{'B' if kind == '发明专利' else 'U'}",
            "published_on": published,
            "legal_status": draw.weighted({"授权": 6, "实质审查": 1, "专利权终止": 1}),
        }


def software_copyright(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    for serial in range(draw.count(_inventive(city, subject) * 0.9, most=9)):
        registered = draw.day(subject.since(city.today, 7) + timedelta(days=90), subject.until)
        if registered < subject.established_on:
            continue
        brand = subject.name.removeprefix(words.CITY)[:3]
        yield {
            "copyright_holder": subject.name,
            "software_name": f"{brand}{draw.pick(_PROGRAMS)}软件",
            "first_published_on": registered - timedelta(days=draw.whole(20, 89))
            if draw.chance(0.7)
            else None,
            "software_version": f"V{draw.whole(1, 4)}.{draw.whole(0, 9)}",
            "software_category": "应用软件",
            "software_industry": draw.pick(["制造业", "信息传输、软件和信息技术服务业", "批发和零售业"]),
            "registration_number": f"{registered:%Y}SR9{subject.number:07d}{serial}",
            "registered_on": registered,
        }


def research_and_development(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    inventive = _inventive(city, subject)
    if not subject.in_business or not draw.chance(inventive * 0.4):
        return
    yield {
        "is_national_high_tech_enterprise": draw.chance(min(0.8, 0.3 * inventive + 0.1 * subject.health)),
        "research_support": [entry for entry in _SUPPORT if draw.chance(0.3 * inventive)] or None,
    }
