"""附件 13 新型农业经营主体, and what （四） adds: 荣誉表彰, 政策支持, 严重失信主体名单."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from rongxin.city import authorities, words
from rongxin.city.city import City
from rongxin.city.facts.rows import Row
from rongxin.city.streams import Stream, odds
from rongxin.city.subjects import Subject
from rongxin.vocabulary.subject_kind import SubjectKind


def agricultural_operator(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if subject.sector.scale != "agriculture" or subject.kind is SubjectKind.VILLAGE_COLLECTIVE:
        return
    if not subject.in_business or not draw.chance(0.75):
        return
    kind = "农民合作社" if subject.kind is SubjectKind.FARMER_COOPERATIVE else "家庭农场"
    model = draw.weighted({"": 8, "市级示范": 2, "省级示范": 1}) if subject.health > 0 else ""
    land, until = draw.whole(20, 900), city.today.year + draw.whole(2, 15)
    yield {
        "agricultural_operator_type": f"{model}{'农业产业化龙头企业' if subject.is_company else kind}",
        "person_in_charge": subject.representative.name,
        "location": f"{words.CITY}{words.DISTRICTS[subject.district]}",
        "business_scope": subject.sector.scope,
        "rural_land_management_right": f"流转土地经营权{land}亩，期限至{until}年",
        "farmhouse_property_right": "已办理房地一体不动产登记" if draw.chance(0.3) else None,
    }


def honours(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not subject.in_business or not draw.chance(odds(0.02, subject.health, -0.9)):
        return
    awarded = draw.day(subject.since(city.today, 4), city.today)
    office = draw.pick(("market", "industry", "government"))
    authority = authorities.find(office)
    yield {
        "honour_title": draw.pick(
            ["守合同重信用单位", "诚信经营示范单位", "和谐劳动关系单位", "质量管理先进单位"]
        ),
        "honour_level": draw.weighted({"市级": 4, "县级": 2}),
        "document_number": authorities.document_number(authority, "表", awarded.year, subject.number, 0),
        "awarded_on": awarded,
        "valid_until": awarded + timedelta(days=1096) if draw.chance(0.6) else None,
        "authority": authority.name,
    }


def policy_support(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not subject.in_business or not draw.chance(odds(0.035, subject.health, -0.5)):
        return
    granted = draw.day(subject.since(city.today, 3), city.today)
    farming = subject.sector.scale == "agriculture"
    authority = authorities.find("agriculture" if farming else draw.pick(("industry", "science", "labour")))
    amount = Decimal(draw.whole(1, 40) * 5_000)
    yield {
        "policy_title": "农机购置与应用补贴"
        if farming
        else draw.pick(["稳岗返还", "技术改造补助", "贷款贴息", "首台套奖励"]),
        "support_kind": draw.pick(["补贴", "奖励", "贴息"]),
        "support_cny": amount,
        "document_number": authorities.document_number(authority, "扶", granted.year, subject.number, 0),
        "granted_on": granted,
        "authority": authority.name,
    }


def serious_dishonesty_list(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not draw.chance(odds(0.002, subject.health, 1.3)):
        return
    title, office, reason = draw.pick(
        (
            ("拖欠农民工工资失信联合惩戒对象名单", "labour", "克扣、无故拖欠农民工工资数额较大"),
            ("重大税收违法失信主体名单", "tax", "虚开增值税专用发票"),
            ("安全生产严重失信主体名单", "emergency", "拒不执行安全监管监察指令"),
        )
    )
    listed = draw.day(subject.since(city.today, 3), city.today)
    removed = listed + timedelta(days=draw.whole(200, 1096))
    authority = authorities.find(office)
    yield {
        "list_title": title,
        "listing_reason": reason,
        "document_number": authorities.document_number(authority, "列", listed.year, subject.number, 0),
        "listed_on": listed,
        "listing_authority": authority.name,
        "removed_on": removed if removed < city.today else None,
        "published_until": listed + timedelta(days=1096),
    }
