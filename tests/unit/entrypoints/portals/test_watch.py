"""What the watch found is told in words: who, what was counted, from when until when."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.governance import alarms
from rongxin.governance.watching import incidents
from rongxin.governance.watching.rules import Figure, Finding, Rule
from rongxin.journal import sequencer
from rongxin.parties import institutions, subjects
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.rights import objections
from rongxin.rights.objections import Complaint
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import test_lists as listed
from tests.unit.entrypoints.portals.test_lists import cells
from tests.unit.entrypoints.portals.test_staff import enter, ground  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
ISO = re.compile(r"\d{4}-\d{2}-\d{2}T")


def test_an_incident_and_its_alarm_are_told_in_words(client, ground):  # noqa: F811
    now = timezone.now()
    finding = Finding(Rule.PERSON_PAST_LIMIT, {Figure.REFUSALS: 25}, "clerk-7")
    incidents.open_incident("bank_a", finding, seen=(now - timedelta(hours=3), now), as_of=now)
    sequencer.integrate()
    alarms.follow(as_of=now + timedelta(minutes=1))
    enter(client, PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR)
    name = institutions.get("bank_a").name
    page = client.get("/operator/watch").content.decode()
    assert page.count(f"{name}：") == 1, "the incident"
    ((_when, kind, about, state),) = cells(page)
    assert (kind, about, state) == ("疑似异常查询", f"机构 {name}；规则 查询人超限后反复查询", "待处理")
    page = page.replace('value="bank_a"', "").replace(name, "")
    for words in (
        "超限后被拒 25",
        "查询人 clerk-7",
        f"{timezone.localtime(now):%Y-%m-%d %H:%M}",
        "疑似异常查询",
    ):
        assert words in page
    assert not ISO.search(page)
    assert "refusals" not in page
    assert "bank_a" not in page


def raised(firm):
    said = Complaint("tax_payment", None, (), "缴税金额少记了一笔")
    long_ago = timezone.now() - timedelta(days=60)
    card = objections.lodge(firm.id, said, actor=firm.owner.actor, as_of=long_ago)
    objections.watch(as_of=timezone.now())
    sequencer.integrate()
    alarms.follow(as_of=timezone.now())
    (alarm,) = alarms.every(waiting_only=True)
    return card, alarm


def test_an_alarm_names_the_case_and_leads_each_role_where_it_may_go(client, ground):  # noqa: F811
    firm = stage.firm()
    card, alarm = raised(firm)
    at = f"/operator/alarms/{alarm.id}"
    security, auditor = (
        listed.enter(PartyKind.OPERATOR, None, role)[0]
        for role in (Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR)
    )
    page = security.get(at).content.decode()
    for words in (subjects.get(firm.id).name, "对“纳税信息”的异议", "税务部门"):
        assert words in page
    assert str(card.id) not in page
    assert "/operator/objections" not in page.partition("<main")[2]
    assert 'href="/operator/objections"' in auditor.get(at).content.decode().partition("<main")[2]
    assert auditor.post(at, {"note": "x"}).status_code == 403
    assert security.post(at, {"note": " "}).status_code == 422
    assert security.post(at, {"note": "已电话催办"}).status_code == 302
    assert cells(security.get("/operator/watch").content.decode()) == []
    assert [row[3] for row in cells(security.get("/operator/watch?all=1").content.decode())] == ["已电话催办"]
    assert "已由" in security.post(at, {"note": "again"}).content.decode()


def test_alarms_are_searched_by_kind_institution_and_day(client, ground):  # noqa: F811
    raised(stage.firm())
    enter(client, PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR)

    def shown(query):
        return len(cells(client.get(f"/operator/watch?{query}").content.decode()))

    assert (shown("kind=objection_overdue"), shown("kind=receipt_overdue")) == (1, 0)
    assert shown("institution=bank_a") == 0
    assert shown(f"from={timezone.localdate() + timedelta(days=1)}") == 0
    assert client.get("/operator/alarms/0f8fad5b-d9cb-469f-a165-70867728950e").status_code == 404
