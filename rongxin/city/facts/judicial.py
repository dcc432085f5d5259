"""附件 2 司法信息: judgments, enforcement ended for now, dishonest judgment debtors, bankruptcy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from rongxin.city import authorities, people, words
from rongxin.city.authorities import case_number
from rongxin.city.city import City
from rongxin.city.facts.rows import Row
from rongxin.city.streams import Stream, odds
from rongxin.city.subjects import Subject
from rongxin.vocabulary.subject_kind import SubjectKind

_CAUSES = {
    "买卖合同纠纷": 9.0,
    "金融借款合同纠纷": 4.0,
    "民间借贷纠纷": 3.0,
    "劳动争议": 4.0,
    "租赁合同纠纷": 3.0,
    "建设工程施工合同纠纷": 3.0,
    "运输合同纠纷": 1.0,
}


def _location(subject: Subject) -> str:
    return f"{words.CITY}{words.DISTRICTS[subject.district]}"


def _court(subject: Subject) -> str:
    return authorities.find("court", subject.district).name


def court_judgment(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    mean = 0.035 if subject.is_company else 0.008
    for serial in range(
        draw.count(odds(mean, subject.health, 1.1) * (1 + subject.size.employees**0.3), most=9)
    ):
        published = draw.day(subject.since(city.today, 4), city.today)
        cause = draw.weighted(_CAUSES)
        sued = draw.chance(min(0.95, max(0.2, 0.62 - 0.15 * subject.health)))
        person = people.invent(draw, subject.district, people.LITIGANTS + subject.number * 9 + serial)
        other = city.other(subject, draw) if cause != "劳动争议" and draw.chance(0.7) else None
        them = (other.name, other.uscc) if other and not other.story else (person.name, person.id_number)
        us = (subject.name, subject.uscc)
        plaintiff, defendant = (them, us) if sued else (us, them)
        amount = draw.yuan(3_000, max(20_000.0, subject.size.revenue * 3_000))
        lost = draw.chance(0.75)
        yield {
            "cause_of_action": cause,
            "case_number": case_number(subject.district, published.year, "民初", subject.number, serial),
            "plaintiff": plaintiff[0],
            "plaintiff_identifier": plaintiff[1],
            "defendant": defendant[0],
            "defendant_identifier": defendant[1],
            "judgment_result": f"被告{defendant[0]}于本判决生效之日起十日内向原告支付{amount}元"
            if lost
            else "驳回原告的诉讼请求",
            "enforcement_court": _court(subject),
            "location": _location(subject),
            "published_on": published,
            "published_online": draw.chance(0.9),
        }


def terminated_enforcement(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    for serial in range(draw.count(odds(0.009, subject.health, 1.4), most=4)):
        ended = draw.day(subject.since(city.today, 3.5), city.today)
        yield {
            "case_number": case_number(subject.district, ended.year, "执", subject.number, serial),
            "judgment_debtor": subject.name,
            "judgment_debtor_identifier": subject.uscc,
            "enforcement_court": _court(subject),
            "filed_on": ended - timedelta(days=draw.whole(60, 180)),
            "enforcement_terminated_on": ended,
        }


def dishonest_judgment_debtor(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if not draw.chance(odds(0.0045, subject.health, 1.4)):
        return
    published = draw.day(subject.since(city.today, 2), city.today)
    yield {
        "case_number": case_number(subject.district, published.year, "执", subject.number, 9),
        "legal_representative": subject.representative.name,
        "judgment_debtor_identifier": subject.uscc,
        "performance_status": draw.weighted({"全部未履行": 8, "部分未履行": 2}),
        "dishonest_conduct": draw.weighted(
            {"有履行能力而拒不履行生效法律文书确定义务": 6, "违反财产报告制度": 3, "违反限制消费令": 1}
        ),
        "enforcement_court": _court(subject),
        "location": _location(subject),
        "filed_on": published - timedelta(days=draw.whole(20, 150)),
        "published_on": published,
    }


def bankruptcy(city: City, subject: Subject, draw: Stream) -> Iterator[Row]:
    if subject.kind is not SubjectKind.COMPANY or not draw.chance(odds(0.0012, subject.health, 1.5)):
        return
    accepted = draw.day(subject.since(city.today, 2.5), city.today)
    closed = accepted + timedelta(days=draw.whole(150, 500))
    over = closed < city.today
    yield {
        "bankruptcy_case_number": case_number(subject.district, accepted.year, "破", subject.number, 0),
        "bankruptcy_type": draw.weighted({"破产清算": 5, "破产重整": 2, "破产和解": 1}),
        "bankruptcy_accepted_on": accepted,
        "accepting_court": _court(subject),
        "bankruptcy_administrator": f"{words.CITY}听泉破产清算事务所",
        "closing_method": "终结破产程序" if over else None,
        "closed_on": closed if over else None,
    }
