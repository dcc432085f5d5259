"""附件 3–5 纳税, 住房公积金, 社会保险: what a subject pays regularly, and when it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from rongxin.city.city import City
from rongxin.city.facts.rows import Row, cny, remembered
from rongxin.city.streams import Stream, odds
from rongxin.city.subjects import REVOKED, Subject
from rongxin.vocabulary.subject_kind import SubjectKind

_TAXPAYERS = {
    SubjectKind.COMPANY: 0.92,
    SubjectKind.INDIVIDUAL_BUSINESS: 0.36,
    SubjectKind.FARMER_COOPERATIVE: 0.5,
    SubjectKind.VILLAGE_COLLECTIVE: 0.15,
}
#: Lower ends of the bands in which the agency answers; the last band is open.
_HEADS = (1, 10, 20, 50, 100, 300, 1000)
_MONEY = (0, 1, 5, 10, 50, 100, 500)  # 万元


@remembered
def pays_tax(city: City, subject: Subject) -> bool:
    """Whether the tax bureau knows the subject; its own stream, so that the four tax items agree."""
    return subject.status != REVOKED and city.stream(subject, "tax").chance(_TAXPAYERS[subject.kind])


@remembered
def has_staff(city: City, subject: Subject) -> bool:
    """Whether it insures employees."""
    share = {SubjectKind.COMPANY: 0.72, SubjectKind.INDIVIDUAL_BUSINESS: 0.09}.get(subject.kind, 0.2)
    return subject.in_business and city.stream(subject, "staff").chance(share)


def _months_behind(subject: Subject, draw: Stream) -> int:
    """How many months since payments were last in order; nought for the sound."""
    return draw.count(odds(0.35, subject.health + 0.5 * subject.trend, 0.9), most=14)


def taxpayer_credit_rating(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not pays_tax(city, subject) or (not subject.is_company and not draw.chance(0.25)):
        return
    for year in range(city.today.year - 3, city.today.year):
        if subject.established_on > date(year, 12, 31) or subject.until < date(year, 6, 30):
            continue
        mark = subject.health + 0.35 * draw.normal()
        young = subject.established_on > date(year - 1, 12, 31)
        if young:
            grade = "M"
        else:
            grade = (
                "A"
                if mark > 1.0
                else "B"
                if mark > -0.4
                else "M"
                if mark > -0.9
                else "C"
                if mark > -1.7
                else "D"
            )
        yield {"rating_year": year, "taxpayer_credit_grade": grade}


def abnormal_taxpayer(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if pays_tax(city, subject):
        yield {"is_abnormal_taxpayer": draw.chance(odds(0.015, subject.health, 1.3))}


def tax_arrears(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not pays_tax(city, subject):
        return
    if not draw.chance(odds(0.03, subject.health, 1.2)):
        yield {"has_tax_arrears": False, "arrears_cny": Decimal(0), "tax_kind": None}
        return
    for tax in ("增值税", "企业所得税") if subject.is_company and draw.chance(0.3) else ("增值税",):
        owed = draw.yuan(500, max(2_000.0, subject.size.revenue * 150))
        yield {"has_tax_arrears": True, "arrears_cny": owed, "tax_kind": tax}


def tax_payment(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not pays_tax(city, subject) or not subject.in_business:
        return
    behind = _months_behind(subject, draw)
    vat = max(0.0, subject.size.revenue * (0.018 + 0.004 * subject.health) * (1 + 0.1 * subject.trend))
    income = max(0.0, subject.size.revenue * 0.008 * (0.6 + subject.health)) if subject.is_firm else 0.0
    share = max(0.3, 1 - 0.07 * behind)
    months = (city.today - subject.established_on).days // 30
    steady = 0 if behind else min(months, int(draw.between(4, 90) * max(0.3, 1 + 0.4 * subject.health)))
    yield {
        "vat_payable_cny_12m": cny(vat),
        "vat_paid_cny_12m": cny(vat * share),
        "corporate_income_tax_payable_cny_12m": cny(income),
        "corporate_income_tax_paid_cny_12m": cny(income * share),
        "consecutive_normal_tax_months": steady,
        "last_normal_tax_payment_on": city.today - timedelta(days=draw.whole(4, 30) + 31 * behind),
    }


def housing_fund(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not has_staff(city, subject) or not subject.is_company or not draw.chance(0.4):
        return
    behind = _months_behind(subject, draw)
    heads = max(1.0, subject.size.employees * draw.between(0.3, 1))
    yield {
        "contributors_avg_12m": round(Decimal(heads), 1),
        "housing_fund_contribution_cny_12m": cny(heads * draw.between(0.5, 1.6)),
        "consecutive_normal_contribution_months_12m": max(0, 12 - behind),
        "last_normal_contribution_on": city.today - timedelta(days=draw.whole(3, 28) + 31 * behind),
    }


def band(value: float, lower_ends: tuple[int, ...], unit: str) -> str:
    """分档: the band a figure lies in, as the agency would print it."""
    for low, high in pairwise(lower_ends):
        if value < high:
            return f"{low}–{high - 1 if unit == '人' else high}{unit}"
    return f"{lower_ends[-1]}{unit}以上"


def _month_back(today: date, months: int) -> str:
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return f"{year}-{month + 1:02d}"


def social_insurance(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not has_staff(city, subject):
        return
    heads = max(1.0, subject.size.employees * draw.between(0.5, 1))
    yield {
        "pension_insured_band_avg_12m": band(heads, _HEADS, "人"),
        "pension_employer_contribution_band_avg_12m": band(heads * 0.95, _MONEY, "万元"),
        "last_normal_pension_contribution_month": _month_back(city.today, 1 + _months_behind(subject, draw)),
    }


def work_injury_insurance(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if has_staff(city, subject):
        yield {"is_work_injury_insured": draw.chance(min(0.995, 0.95 + 0.03 * subject.health))}
