"""附件 10 行政管理信息: permits of the trade, penalties and compulsion, as departments publish them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from rongxin.city import authorities, people
from rongxin.city.authorities import Authority
from rongxin.city.city import City
from rongxin.city.facts.rows import Row
from rongxin.city.sectors import Permit
from rongxin.city.streams import Stream, odds
from rongxin.city.subjects import Subject
from rongxin.city.words import CITY_CODE
from rongxin.vocabulary.subject_kind import SubjectKind

ORGANISATION, INDIVIDUAL = "法人及非法人组织", "个体工商户"
#: Violation → facts, basis, office, lowest and highest fine in yuan.
_VIOLATIONS = {
    "未按规定公示": ("未按照规定期限公示有关信息", "《企业信息公示暂行条例》第十七条", "market", 500, 5_000),
    "食品安全": (
        "经营超过保质期的食品",
        "《中华人民共和国食品安全法》第一百二十四条",
        "market",
        2_000,
        60_000,
    ),
    "虚假宣传": (
        "对商品作引人误解的商业宣传",
        "《中华人民共和国反不正当竞争法》第二十条",
        "market",
        3_000,
        200_000,
    ),
    "环境污染": (
        "未按照排污许可证规定排放污染物",
        "《中华人民共和国环境保护法》第六十条",
        "ecology",
        20_000,
        600_000,
    ),
    "安全生产": (
        "未如实记录安全生产教育和培训情况",
        "《中华人民共和国安全生产法》第九十七条",
        "emergency",
        5_000,
        120_000,
    ),
    "占道经营": ("擅自占用城市道路经营", "《城市道路管理条例》第四十二条", "urban", 200, 3_000),
    "劳动保障": ("未按规定支付劳动者工资", "《劳动保障监察条例》第二十六条", "labour", 2_000, 50_000),
    "违规运输": (
        "超越许可事项从事道路货物运输",
        "《中华人民共和国道路运输条例》第六十三条",
        "transport",
        1_000,
        30_000,
    ),
}


def parties(subject: Subject, authority: Authority) -> Row:
    """The fields every administrative document carries: who it is about, who made it."""
    return {
        "counterpart_category": INDIVIDUAL
        if subject.kind is SubjectKind.INDIVIDUAL_BUSINESS
        else ORGANISATION,
        "legal_representative": subject.representative.name,
        "legal_representative_id_type": people.ID_CARD,
        "legal_representative_id_number": subject.representative.id_number,
        "authority": authority.name,
        "authority_uscc": authority.uscc,
        "data_provider": authorities.find("reform", CITY_CODE).name,
    }


def administrative_permit(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    for serial, permit in enumerate(subject.sector.permits):
        if draw.chance(permit.share):
            yield from _permits(city, subject, draw, permit, serial * 3)


def _permits(city: City, subject: Subject, draw: Stream, permit: Permit, serial: int) -> Iterator[Row]:
    """The permit now held and, where it was renewed, the ones before."""
    authority = authorities.find(permit.issuer, subject.district)
    decided = draw.day(
        subject.established_on,
        subject.since(city.today, 0) if not permit.years else subject.established_on + timedelta(days=200),
    )
    for renewal in range(3):
        decided = min(decided, subject.until)
        until = decided + timedelta(days=round(365.25 * permit.years)) if permit.years else None
        ended = bool(until and until < city.today) or not subject.in_business
        number = authorities.document_number(
            authority, "许准", decided.year, subject.number, serial + renewal
        )
        yield parties(subject, authority) | {
            "document_title": f"准予行政许可决定书（{permit.certificate}）",
            "document_number": number,
            "permit_category": permit.category,
            "permit_certificate_name": permit.certificate,
            "permit_number": f"YZ9901{subject.number:07d}{serial + renewal}",
            "permit_content": f"准予{subject.name}从事{subject.sector.scope.split('；')[0]}",
            "decided_on": decided,
            "valid_from": decided,
            "valid_until": until,
            "permit_status": "无效" if ended else "有效",
        }
        if until is None or until > subject.until or not draw.chance(0.9 + 0.05 * subject.health):
            return
        decided = until - timedelta(days=draw.whole(5, 40))


def administrative_penalty(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    rate = (
        0.075
        + 0.12 * subject.sector.pollution
        + (0.05 if subject.sector.scale in ("catering", "retail") else 0)
    )
    if subject.kind is SubjectKind.VILLAGE_COLLECTIVE:
        rate = 0.01
    for serial in range(draw.count(odds(rate, subject.health, 1.0), most=7)):
        decided = draw.day(subject.since(city.today, 4), subject.until)
        yield _penalty(subject, draw, decided, serial)


def _penalty(subject: Subject, draw: Stream, decided: date, serial: int) -> Row:
    kind = draw.weighted(_likely_violations(subject))
    facts, basis, office, low, high = _VIOLATIONS[kind]
    authority = authorities.find(office, subject.district)
    fine = Decimal(int(draw.between(low, max(low * 1.5, min(high, subject.size.revenue * 400))) / 100) * 100)
    taken = Decimal(int(fine * 2 / 5)) if draw.chance(0.12) else Decimal(0)
    suspended = draw.chance(0.02) and subject.sector.permits
    number = authorities.document_number(authority, "罚", decided.year, subject.number, serial)
    return parties(subject, authority) | {
        "document_title": f"{authority.name}行政处罚决定书",
        "document_number": number,
        "penalty_category": "罚款;没收违法所得" if taken else "罚款",
        "violation_type": kind,
        "violation_facts": f"当事人{facts}",
        "penalty_basis": basis,
        "penalty_content": f"罚款{fine}元" + (f"，没收违法所得{taken}元" if taken else ""),
        "fine_cny": fine,
        "confiscated_cny": taken,
        "suspended_or_revoked_certificate": f"暂扣{subject.sector.permits[0].certificate}"
        if suspended
        else None,
        "decided_on": decided,
        "valid_until": decided + timedelta(days=1096),
        "published_until": decided + timedelta(days=draw.pick((92, 365, 1096))),
    }


def _likely_violations(subject: Subject) -> dict[str, float]:
    scale = subject.sector.scale
    return {
        "未按规定公示": 3.0,
        "虚假宣传": 1.5,
        "劳动保障": 1.5 if subject.is_company else 0.2,
        "食品安全": 6.0
        if scale in ("catering", "retail") or subject.sector.division in ("13", "14")
        else 0.01,
        "环境污染": 8.0 * subject.sector.pollution + 0.01,
        "安全生产": 3.0 if scale in ("manufacturing", "construction") else 0.1,
        "占道经营": 4.0 if scale in ("catering", "retail") and not subject.is_company else 0.1,
        "违规运输": 6.0 if scale in ("transport", "postal") else 0.05,
    }


def administrative_compulsion(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    for serial in range(draw.count(odds(0.011, subject.health, 1.2), most=3)):
        executed = draw.day(subject.since(city.today, 3), subject.until)
        office = draw.weighted(
            {"market": 5.0, "tax": 3.0, "urban": 2.0, "ecology": 3 * subject.sector.pollution}
        )
        authority = authorities.find(office, subject.district)
        row = parties(subject, authority)
        del row["counterpart_category"]
        yield row | {
            "document_title": f"{authority.name}行政强制决定书",
            "document_number": authorities.document_number(
                authority, "强", executed.year, subject.number, serial
            ),
            "compulsion_reason": "防止证据损毁、避免危害发生",
            "compulsion_basis": "《中华人民共和国行政强制法》第九条",
            "compulsion_method": draw.pick(["查封场所、设施或者财物", "扣押财物", "加处罚款或者滞纳金"]),
            "executed_on": executed,
        }
