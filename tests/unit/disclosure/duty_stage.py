"""A department with a mandate that two persons gave it, and facts of two firms; all invented."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.parties import departments, duty_mandates
from rongxin.parties.rules.duty import Terms
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage
from tests.unit.records.conftest import Bureau, Row

PENALTY = "administrative_penalty"
LATER = stage.NOW + timedelta(hours=1)
FIRST = Actor(ActorKind.SYSTEM, "cli-1", "operator")
SECOND = Actor(ActorKind.SYSTEM, "cli-2", "operator")
DEPARTMENT = Actor(ActorKind.ACCOUNT, "1", "department:emergency_bureau")
LAW = "《中华人民共和国安全生产法》第七十八条"
# A number with a right check digit, so that what finds numbers finds it; nobody's.
NUMBER = "11010119900307123X"


@dataclass(frozen=True)
class Scene:
    firm: stage.Firm
    other: stage.Firm
    mandate: UUID


def terms(**changes: Any) -> Terms:
    given = Terms(
        department="emergency_bureau",
        duty="安全生产监督检查",
        legal_basis=LAW,
        items={PENALTY: "", "business_licence": "", "abnormal_operations_list": "", "tax_payment": ""},
        valid_from=stage.TODAY,
        valid_until=stage.TODAY + timedelta(days=30),
        regions=("990100",),
    )
    return replace(given, **changes)


def granted(**changes: Any) -> UUID:
    proposed = duty_mandates.propose(terms(**changes), actor=FIRST, as_of=stage.NOW)
    return duty_mandates.grant(proposed.id, actor=SECOND, as_of=stage.NOW).id


def scene(**changes: Any) -> Scene:
    sources.forget()
    departments.admit("emergency_bureau", name="云州市应急管理局", actor=SYSTEM, as_of=stage.NOW)
    firm, other = stage.firm(), stage.firm("云州白鹭商贸有限公司")
    penalty = {
        "name": "云州蓝鲸物流有限公司",
        "uscc": firm.uscc,
        "legal_representative": "张建国",
        "legal_representative_id_number": NUMBER,
        "violation_facts": f"当事人{NUMBER}未按规定操作",
        "fine_cny": "1000.00",
        "decided_on": "2026-02-01",
    }
    bureau = Bureau()
    bureau.files(
        Row(2, firm.id, "一号", penalty, date(2026, 2, 1)),
        Row(3, firm.id, "二号", {**penalty, "published_until": "2026-02-15"}, date(2026, 1, 1)),
        Row(4, other.id, "三号", {**penalty, "uscc": other.uscc, "fine_cny": "7.00"}, date(2026, 1, 9)),
    )
    return Scene(firm, other, granted(**changes))


def question(at: Scene, *items: str, **changes: Any) -> Request:
    request = Request(
        recipient=Recipient(RecipientKind.DEPARTMENT, "emergency_bureau", "云州市应急管理局", "inspector-7"),
        uscc=at.firm.uscc,
        items=items or (PENALTY,),
        purpose=Purpose.OFFICIAL_DUTY,
        reference="AJ-2026-0001",
        mandate_id=at.mandate,
    )
    return replace(request, **changes)


def ask(request: Request, *, actor: Actor = DEPARTMENT, as_of: Any = LATER) -> Release | Refusal:
    return gate.release(request, actor=actor, as_of=as_of)
