"""Correction notices and incidents of an institution: lists that say whose and what ((九)(十))."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from rongxin.consent import grants
from rongxin.consent.deletion import duties
from rongxin.governance.watching import incidents
from rongxin.governance.watching.rules import Finding, Rule, State
from rongxin.parties.rules.membership import Role
from rongxin.rights import corrections
from rongxin.rights.models import Correction
from rongxin.rights.rules.correction import Done
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import test_desk as desk
from tests.unit.entrypoints.portals.test_institution_outcomes import enter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def banks():
    stage.bank()
    stage.bank("bank_b")


def told(bank, firm):
    now = timezone.now()
    row = Correction.objects.create(
        recipient_kind="institution",
        recipient=bank,
        subject_id=firm.id,
        item="administrative_penalty",
        record_id=4711,
        why="repaired",
        state="owed",
        notice="",
        created_at=now,
        due_on=timezone.localdate(now) - timedelta(days=1),
        entry=uuid4(),
    )
    return row.id


def test_a_notice_says_whose_record_is_wrong_and_is_answered_on_its_own_page():
    mine, other = told("bank_a", stage.firm()), told("bank_a", stage.firm("云州白鹿茶业有限公司"))
    client, at = enter(), f"/institution/corrections/{mine}"
    page = client.get("/institution/corrections?find=蓝鲸").content.decode()
    assert (at in page, str(other) in page, "已逾期" in page) == (True, False, True)
    shown = client.get(at).content.decode()
    for words in ("云州蓝鲸物流有限公司", "行政处罚信息", "4711"):
        assert words in shown
    assert client.post(at, {"done": "perhaps"}).status_code == 422
    assert client.post(at, {"done": "deleted", "note": "已从信贷系统删除"}).status_code == 302
    card = corrections.get(mine)
    assert (card.done, card.note) == (Done.DELETED, "已从信贷系统删除")
    assert at not in client.get("/institution/corrections").content.decode()
    assert at in client.get("/institution/corrections?all=1").content.decode()
    file = client.post("/institution/corrections", {"list": "export"})
    assert file.headers["Content-Type"].startswith("text/csv")


def test_nobody_reads_or_answers_another_banks_notice():
    theirs = f"/institution/corrections/{told('bank_b', stage.firm())}"
    client = enter()
    assert client.get(theirs).status_code == 404
    assert client.post(theirs, {"done": "deleted"}).status_code == 404
    assert client.get(f"/institution/corrections/{uuid4()}").status_code == 404


def test_the_operator_sees_what_institutions_owe():
    told("bank_a", stage.firm())
    auditor = desk.enter(Role.AUDIT_ADMINISTRATOR)
    for page in ("/operator/corrections", "/operator/corrections?find=蓝鲸&sort=newest"):
        shown = auditor.get(page).content.decode()
        assert ("云州bank_a银行" in shown, "已逾期" in shown) == (True, True)
    firm = stage.firm()
    consent = stage.consent(firm, stage.case(firm, "bank_b", "DK-7")).id
    grants.withdraw(consent, actor=firm.owner.actor, as_of=stage.NOW)
    assert duties.owe(consent, as_of=stage.NOW)
    assert "DK-7" in auditor.get("/operator/receipts").content.decode()
    assert desk.enter(Role.SYSTEM_ADMINISTRATOR).get("/operator/receipts").status_code == 403


def test_an_incident_says_what_was_found_and_done_and_is_explained_once():
    now = timezone.now()
    finding = Finding(Rule.CONSENT_FAILURES, {}, "员工甲")
    card = incidents.open_incident("bank_a", finding, seen=(now - timedelta(days=1), now), as_of=now)
    at = f"/institution/incidents/{card.id}"
    client = enter()
    assert at in client.get("/institution/incidents").content.decode()
    shown = client.get(at).content.decode()
    for words in ("员工甲", "授权不符的查询占比过高", "已采取的措施"):
        assert words in shown
    assert enter("bank_b").get(at).status_code == 404
    assert client.post(at, {"statement": " "}).status_code == 422
    assert client.post(at, {"statement": "系统测试误触发"}).status_code == 302
    assert incidents.get(card.id).state is State.STATED
    assert client.post(at, {"statement": "再说一次"}).status_code == 422
