"""A condition of an approval through the pages of both sides: reported, sent back, accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.governance.conditions import extensions, fulfilment
from rongxin.governance.conditions.rules import Condition, State
from rongxin.governance.models import ApprovalCondition
from rongxin.governance.onboarding import applications, door
from rongxin.parties import institutions, seed
from rongxin.parties.models import Institution
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import test_institution_desk as desk
from tests.unit.entrypoints.portals.test_onboarding import enter
from tests.unit.governance.onboarding.test_applications import found, wish

pytestmark = pytest.mark.django_db(transaction=True)
OWN, THEIRS = "/institution/standing", "/operator/institutions/bank_a"


@pytest.fixture
def card():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    now, (one, other) = timezone.now(), stage.operators()
    made, _ = door.apply(wish(institution="bank_a"), origin="", as_of=now)
    due = timezone.localdate() + timedelta(days=30)
    given = (Condition("补齐等级保护测评报告", due),)
    applications.assess(made.id, found(), conditions=given, actor=one, as_of=now)
    applications.approve(made.id, actor=other, as_of=now)
    return fulfilment.of_institution("bank_a")[0]


def reported(client, card, said="已完成测评", content=b"%PDF-1.7 proof"):
    file = SimpleUploadedFile("测评.pdf", content, "application/pdf")
    return client.post(f"{OWN}/{card.id}", {"statement": said, f"evidence-{card.id}": file})


def text(client, at):
    return client.get(at).content.decode()


def test_it_is_reported_sent_back_and_reported_again_until_it_is_accepted(card):
    (bank, _), clerk = desk.enter(), enter(Role.CLERK)
    assert "报告已落实" in text(bank, OWN)
    assert reported(bank, card).status_code == 302
    assert "报告已落实" not in text(bank, OWN)
    assert "测评.pdf" in text(clerk, THEIRS)
    at = f"{THEIRS}/conditions/{card.id}"
    assert clerk.post(at, {"act": "send_back"}).status_code == 422
    assert clerk.post(at, {"act": "send_back", "reason": "缺盖章"}).status_code == 302
    assert "缺盖章" in text(bank, OWN)
    reported(bank, card, content=b"%PDF-1.7 sealed proof")
    assert clerk.post(at, {"act": "accept"}).status_code == 302
    assert fulfilment.get("bank_a", card.id).state is State.ACCEPTED
    assert "已验收" in text(bank, OWN)


def test_a_later_day_is_asked_for_recommended_and_granted_by_another(card):
    (bank, _), clerk, officer = desk.enter(), enter(Role.CLERK), enter()
    later, at = (card.due_on + timedelta(days=20)).isoformat(), f"{OWN}/{card.id}/extend"
    assert "最迟可以延到" in text(bank, OWN)
    for wrong in ({"due_on": ""}, {"due_on": "2999-01-01"}, {"reason": " "}):
        answer = bank.post(at, {"due_on": later, "reason": "测评机构排期"} | wrong)
        assert answer.status_code == 422, wrong
    assert "测评机构排期" in bank.post(at, {"due_on": "", "reason": "测评机构排期"}).content.decode()
    assert bank.post(at, {"due_on": later, "reason": "测评机构排期"}).status_code == 302
    assert "待平台审核" in text(bank, OWN)
    assert "最迟可以延到" not in text(bank, OWN)
    assert "申请延期" in text(clerk, "/operator/conditions")
    assert "待答复的延期申请" in text(clerk, "/operator")
    (made,) = extensions.of_condition(card.id)
    theirs = f"{THEIRS}/conditions/{card.id}/extensions/{made.id}"
    assert "测评机构排期" in text(clerk, THEIRS)
    assert clerk.post(theirs, {"act": "recommend"}).status_code == 302
    assert clerk.post(theirs, {"act": "grant"}).status_code == 422
    assert officer.post(theirs, {"act": "grant"}).status_code == 302
    assert fulfilment.get("bank_a", card.id).due_on.isoformat() == later
    assert "已同意延期" in text(bank, OWN)


def test_a_refusal_is_read_by_the_institution_and_neither_clerk_nor_auditor_acts(card):
    (bank, _), (clerk, _), auditor = desk.enter(), desk.enter(Role.CLERK), enter(Role.AUDIT_ADMINISTRATOR)
    given = {"due_on": (card.due_on + timedelta(days=20)).isoformat(), "reason": "排期"}
    assert clerk.post(f"{OWN}/{card.id}/extend", given).status_code == 403
    assert bank.post(f"{OWN}/{uuid4()}/extend", given).status_code == 404
    bank.post(f"{OWN}/{card.id}/extend", given)
    (made,) = extensions.of_condition(card.id)
    theirs = f"{THEIRS}/conditions/{card.id}/extensions/{made.id}"
    assert auditor.post(theirs, {"act": "refuse", "reason": "缺材料"}).status_code == 403
    assert enter().post(theirs, {"act": "refuse"}).status_code == 422
    assert enter().post(theirs, {"act": "refuse", "reason": "缺材料"}).status_code == 302
    assert "缺材料" in text(bank, OWN)


def test_what_can_not_be_taken_says_why_and_keeps_what_was_typed(card):
    bank, _ = desk.enter()
    answer = reported(bank, card, content=b"MZ")
    assert answer.status_code == 422
    assert "已完成测评" in answer.content.decode()
    assert bank.post(f"{OWN}/{card.id}", {"statement": "x"}).status_code == 422
    assert reported(bank, replace(card, id=uuid4())).status_code == 404


def test_an_institution_that_is_cut_off_reports_all_the_same(card):
    bank, _ = desk.enter()
    yesterday = timezone.localdate() - timedelta(days=1)
    ApprovalCondition.objects.update(due_on=yesterday - timedelta(days=90))
    Institution.objects.filter(pk="bank_a").update(conditions_until=yesterday)
    page = text(bank, OWN)
    assert "逾期未落实" in page
    assert "已逾期" in page
    assert reported(bank, card).status_code == 302
    assert not institutions.standing("bank_a", as_of=timezone.now()).admitted
    enter().post(f"{THEIRS}/conditions/{card.id}", {"act": "accept"})
    assert institutions.standing("bank_a", as_of=timezone.now()).admitted


def test_the_operator_finds_what_waits_and_the_auditor_only_looks(card):
    bank, _ = desk.enter()
    officer, auditor = enter(), enter(Role.AUDIT_ADMINISTRATOR)
    assert "待落实" in text(officer, "/operator/conditions")
    assert "补齐" not in text(officer, "/operator/conditions?state=reported")
    reported(bank, card)
    assert "补齐" in text(officer, "/operator/conditions?state=reported")
    assert "待验收的接入条件" in text(officer, "/operator")
    assert 'value="accept"' not in text(auditor, THEIRS)
    assert "测评.pdf" in text(auditor, THEIRS)
    assert auditor.post(f"{THEIRS}/conditions/{card.id}", {"act": "accept"}).status_code == 403


def test_a_clerk_of_the_institution_sees_it_and_reports_nothing(card):
    clerk, _ = desk.enter(Role.CLERK)
    page = text(clerk, OWN)
    assert "由本机构的管理员登录后报告" in page
    assert "报告已落实" not in page
    assert reported(clerk, card).status_code == 403
