"""附件 6–7 生态环境, 进出口: ratings of those who pollute, registrations of those who trade abroad."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rongxin.city.city import City
from rongxin.city.facts.rows import Row, remembered
from rongxin.city.streams import Stream, odds
from rongxin.city.subjects import Subject
from rongxin.vocabulary.subject_kind import SubjectKind

_GRADES = ((90, "绿色"), (75, "蓝色"), (60, "黄色"), (40, "红色"))


def environmental_credit_rating(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    watched = subject.sector.pollution * (1.0 if subject.is_company else 0.15)
    if not subject.in_business or not draw.chance(watched):
        return
    for year in range(city.today.year - 2, city.today.year):
        if subject.established_on.year >= year:
            continue
        score = int(min(100, max(5, 80 + 9 * subject.health + 5 * draw.normal())))
        grade = next((name for floor, name in _GRADES if score >= floor), "黑色")
        yield {
            "environmental_credit_score": score,
            "environmental_credit_grade": grade,
            "evaluated_on": draw.day(date(year, 9, 1), date(year, 12, 20)),
        }


@remembered
def _customs_code(city: City, subject: Subject) -> str | None:
    """The ten-character code of a subject that trades abroad; `91` and up are no real customs districts."""
    if subject.kind is SubjectKind.VILLAGE_COLLECTIVE:
        return None
    chance = subject.sector.export * (1 + 0.5 * (subject.size.step != "micro"))
    if not subject.is_company:
        chance *= 0.1
    return f"9901{subject.number:06d}" if city.stream(subject, "export").chance(chance) else None


def customs_registration(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if code := _customs_code(city, subject):
        yield {
            "customs_registration_code": code,
            "customs_business_category": draw.weighted({"进出口货物收发货人": 18, "报关企业": 1}),
            "customs_registration_flag": "正常" if subject.in_business else "注销",
        }


def customs_credit_grade(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    code = _customs_code(city, subject)
    if not code or not subject.in_business:
        return
    if draw.chance(odds(0.02, subject.health, 1.3)):
        grade = "失信企业"
    elif draw.chance(odds(0.06, subject.health, -1.0)) and subject.size.step != "micro":
        grade = "高级认证企业"
    else:
        grade = "其他注册登记和备案企业"
    yield {
        "customs_registration_code": code,
        "customs_credit_grade": grade,
        "customs_credit_grade_applied_on": draw.day(subject.since(city.today, 5), city.today),
    }
