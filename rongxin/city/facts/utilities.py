"""附件 11 水电气费缴纳信息: use follows size, its trend follows the firm's, arrears follow its health."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from rongxin.city.city import City
from rongxin.city.facts.rows import Row
from rongxin.city.streams import Stream, odds
from rongxin.city.subjects import Subject
from rongxin.city.words import CITY, PROVINCE


def pace(subject: Subject, draw: Stream) -> tuple[float, float]:
    """Use of the last 3 and 6 months against the year's average."""
    drift = 0.11 * subject.trend + 0.05 * subject.health + 0.07 * draw.normal()
    return math.exp(drift), math.exp(drift * 0.6)


def _owes(subject: Subject, draw: Stream) -> bool:
    return draw.chance(odds(0.03, subject.health, 1.1))


def _months(today: date, count: int) -> Iterator[str]:
    for back in range(count, 0, -1):
        year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        yield f"{year}-{month + 1:02d}"


def _volume(value: float) -> Decimal:
    return round(Decimal(value), 1)


def water_fee(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not subject.in_business or not draw.chance(0.46):
        return
    thirst = {"catering": 14, "lodging": 22, "manufacturing": 9}.get(subject.sector.scale, 3)
    average = draw.between(0.5, 1.6) * thirst * (1 + subject.size.employees) ** 0.9
    near, half = pace(subject, draw)
    yield {
        "account_number": f"W9901{subject.number:08d}",
        "water_payment_details": [
            f"{month} 缴纳水费{round(average * near * 4.2 * draw.between(0.9, 1.1), 2)}元"
            for month in _months(city.today, 6)
        ],
        "water_usage_m3_avg_3m": _volume(average * near),
        "water_usage_m3_avg_6m": _volume(average * half),
        "has_fee_arrears": _owes(subject, draw),
    }


def electricity_fee(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not subject.in_business or not draw.chance(0.7):
        return
    hunger = 900 if subject.sector.makes_things else 160
    average = draw.between(0.4, 2.0) * hunger * (1 + subject.size.employees) ** 0.95
    near, half = pace(subject, draw)
    owes = _owes(subject, draw)
    yield {
        "account_number": f"E9901{subject.number:08d}",
        "account_opened_on": draw.day(subject.established_on, subject.since(city.today, 0.2)),
        "electricity_use_type": "大工业用电"
        if subject.sector.makes_things and average > 60_000
        else "一般工商业用电",
        "province": PROVINCE,
        "city": CITY,
        "value_grade": "高" if average > 50_000 else "中" if average > 3_000 else "低",
        "risk_grade": "高" if owes else "中" if subject.health < -0.8 else "低",
        "electricity_charge_cny_avg_3m": round(Decimal(average * near), 2),
        "electricity_charge_cny_avg_6m": round(Decimal(average * half), 2),
        "electricity_charge_cny_avg_12m": round(Decimal(average), 2),
        "has_fee_arrears": owes,
    }


def gas_fee(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not subject.in_business or not draw.chance(subject.sector.gas):
        return
    average = draw.between(0.5, 1.8) * 45 * (1 + subject.size.employees) ** 0.9
    near, half = pace(subject, draw)
    yield {
        "account_number": f"G9901{subject.number:08d}",
        "gas_payment_details": [
            f"{month} 缴纳燃气费{round(average * near * 3.6 * draw.between(0.9, 1.1), 2)}元"
            for month in _months(city.today, 6)
        ],
        "gas_usage_m3_avg_3m": _volume(average * near),
        "gas_usage_m3_avg_6m": _volume(average * half),
        "has_fee_arrears": _owes(subject, draw),
    }
