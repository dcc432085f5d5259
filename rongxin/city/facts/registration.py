"""附件 1 市场主体登记信息: licence, changes, owners, branches, pledges, annual reports, lists, checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from rongxin.city import authorities, people, words
from rongxin.city.city import City
from rongxin.city.facts.rows import Row, cny
from rongxin.city.streams import Stream, odds
from rongxin.city.subjects import REVOKED, Subject
from rongxin.vocabulary import uscc
from rongxin.vocabulary.subject_kind import SubjectKind

_TYPES = {
    SubjectKind.COMPANY: "有限责任公司(自然人投资或控股)",
    SubjectKind.INDIVIDUAL_BUSINESS: "个体工商户",
    SubjectKind.FARMER_COOPERATIVE: "农民专业合作社",
    SubjectKind.VILLAGE_COLLECTIVE: "农村集体经济组织",
}


def business_licence(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    village = subject.kind is SubjectKind.VILLAGE_COLLECTIVE
    years = draw.weighted({0: 6, 10: 1, 20: 3, 30: 2})
    yield {
        "legal_representative": subject.representative.name,
        "established_on": subject.established_on,
        "registered_address": subject.address,
        "registration_status": subject.status,
        "registration_authority": authorities.find(
            "agriculture" if village else "market", subject.district
        ).name,
        "business_scope": f"{subject.sector.scope}（依法须经批准的项目，经相关部门批准后方可开展经营活动）",
        "enterprise_type": "股份有限公司(非上市)" if "股份有限" in subject.name else _TYPES[subject.kind],
        "registered_capital_cny": cny(subject.capital),
        "business_term_from": subject.established_on,
        "business_term_until": subject.established_on + timedelta(days=365 * years) if years else None,
    }


def industry(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    yield {"industry": subject.sector.division}


def change_record(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    years = (subject.until - subject.established_on).days / 365
    restless = 0.16 if subject.is_company else 0.03
    days = {
        draw.day(subject.established_on + timedelta(days=60), subject.until)
        for _ in range(draw.count(odds(restless, subject.health, 0.3) * years, most=8))
        if years > 0.3
    }
    for changed in sorted(days):
        what, before, after = _change(subject, draw)
        yield {
            "change_item": what,
            "content_before_change": before,
            "content_after_change": after,
            "changed_on": changed,
        }


def _change(subject: Subject, draw: Stream) -> tuple[str, str, str]:
    kind = draw.weighted({"person": 3, "address": 3, "capital": 2, "scope": 4})
    if kind == "person":
        return "法定代表人（负责人）变更", words.person_name(draw), subject.representative.name
    if kind == "address":
        return "住所（经营场所）变更", words.address(draw, subject.district), subject.address
    if kind == "capital":
        less = draw.chance(odds(0.2, subject.health))
        before = subject.capital * 2 if less else max(1, subject.capital // 2)
        return "注册资本变更", f"{before}万元", f"{subject.capital}万元"
    return "经营范围变更", subject.sector.scope.split("；")[0], subject.sector.scope


def shareholder_contribution(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not subject.is_firm:
        return
    holders = [(subject.representative.name, "自然人股东")]
    for _ in range(draw.count(0.9, most=4)):
        investor = city.other(subject, draw) if draw.chance(0.07) else None
        if investor and investor.is_company and not investor.story:
            holders.append((investor.name, "企业法人"))
        else:
            holders.append((words.person_name(draw), "自然人股东"))
    parts = [draw.between(1, 9) for _ in holders]
    paid = min(1.0, max(0.0, 0.55 + 0.25 * subject.health + 0.2 * draw.normal()))
    left = Decimal(100)
    for position, (holder, holder_type) in enumerate(dict(holders).items()):
        last = position == len(dict(holders)) - 1
        percentage = left if last else round(Decimal(parts[position] / sum(parts) * 100), 2)
        left -= percentage
        subscribed = cny(float(percentage) * subject.capital / 100)
        yield {
            "shareholder": holder,
            "shareholder_type": holder_type,
            "contribution_percentage": percentage,
            "contribution_cny": round(subscribed * round(Decimal(paid), 2), 2),
            "contribution_method": "货币",
            "subscribed_contribution_cny": subscribed,
        }


def branch(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not subject.is_company or not draw.chance(0.02 + 0.12 * (subject.size.step in ("medium", "large"))):
        return
    for serial in range(1 + draw.count(0.8, most=5)):
        district = draw.weighted(words.DISTRICT_WEIGHTS)
        # MB…, and from the 100,000th subject on MC…, MD…: no code comes twice in the largest city.
        letter = uscc.ALPHABET[uscc.ALPHABET.index("B") + subject.number // 100_000]
        body = f"M{letter}{subject.number % 100_000:05d}{serial}"
        yield {
            "branch_name": f"{subject.name}{words.DISTRICTS[district]}第{'一二三四五六'[serial]}分公司",
            "branch_uscc": uscc.compose("91", district, body),
            "branch_legal_representative": words.person_name(draw),
            "branch_established_on": draw.day(subject.established_on, subject.until),
            "branch_registered_address": words.address(draw, district),
            "branch_registration_status": subject.status,
            "branch_registration_authority": authorities.find("market", district).name,
        }


def equity_pledge(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not subject.is_company or not draw.chance(odds(0.012, subject.health, 0.5)):
        return
    pledged = draw.day(subject.since(city.today, 4), subject.until)
    pledgee = people.invent(draw, subject.district, people.PLEDGEES + subject.number)
    yield {
        "registration_number": f"9901{pledged:%Y}{subject.number:07d}",
        "pledgor": subject.representative.name,
        "pledgor_identifier": subject.representative.id_number,
        "pledged_equity": max(1, int(subject.capital * draw.between(0.05, 0.9))),
        "pledgee": pledgee.name,
        "pledgee_identifier": pledgee.id_number,
        "pledge_registered_on": pledged,
        "published_on": min(pledged + timedelta(days=draw.whole(1, 7)), city.today),
        "pledge_status": draw.weighted({"有效": 3, "无效": 1}),
    }


def annual_report(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    diligence = min(0.99, 0.9 + 0.06 * subject.health)
    guarantees = draw.chance(odds(0.05, subject.health, 0.3))
    growth = 0.03 + 0.05 * subject.trend
    for year in range(city.today.year - 3, city.today.year):
        ends = date(year, 12, 31)
        if subject.established_on > ends or subject.until < ends or not draw.chance(diligence):
            continue
        age = city.today.year - 1 - year
        revenue = subject.size.revenue * (1 - growth) ** age * (1 + 0.04 * draw.normal())
        assets = subject.size.assets * (1 - growth / 2) ** age
        debt = min(1.6, max(0.03, 0.52 - 0.12 * subject.health + 0.08 * draw.normal()))
        profit = revenue * (0.035 + 0.035 * subject.health + 0.02 * draw.normal())
        yield {
            "report_year": year,
            "total_assets_cny": cny(assets),
            "owners_equity_cny": cny(assets) - cny(assets * debt),
            "total_operating_revenue_cny": cny(max(0.0, revenue)),
            "total_profit_cny": cny(profit),
            "net_profit_cny": cny(profit * 0.8 if profit > 0 else profit),
            "total_tax_cny": cny(max(0.0, revenue * 0.025)),
            "total_liabilities_cny": cny(assets * debt),
            "has_external_guarantee": guarantees,
            "employees": max(1, round(subject.size.employees * (1 - growth / 2) ** age)),
        }


def abnormal_operations_list(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not draw.chance(odds(0.05, subject.health, 1.0)):
        return
    yield {
        "is_on_abnormal_operations_list": not subject.in_business or draw.chance(0.7),
        "abnormal_operations_reason": draw.weighted(
            {
                "未按规定公示年度报告": 6,
                "通过登记的住所或者经营场所无法联系": 4,
                "公示信息隐瞒真实情况、弄虚作假": 1,
            }
        ),
        "abnormal_operations_listed_on": draw.day(subject.since(city.today, 3), subject.until),
    }


def serious_violation_list(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not draw.chance(odds(0.0018, subject.health, 1.1) + 0.02 * (subject.status == REVOKED)):
        return
    listed = draw.day(subject.since(city.today, 3.5), subject.until)
    removed = listed + timedelta(days=draw.whole(400, 1096))
    office = authorities.find("market", subject.district).name
    gone = removed < city.today
    yield {
        "serious_violation_reason": draw.pick(
            ["提交虚假材料骗取登记", "侵害消费者权益情节严重", "产品质量不合格情节严重"]
        ),
        "listed_on": listed,
        "listing_authority": office,
        "removal_reason": "列入期满" if gone else None,
        "removed_on": removed if gone else None,
        "removal_authority": office if gone else None,
    }


def spot_check(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if draw.chance(0.09):
        yield {"failed_spot_checks_36m": draw.count(odds(0.18, subject.health), most=4)}
