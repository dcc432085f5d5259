"""What takes two of the operator's people is done by pages: mandates, holds, confirmed pushes ((五)(九))."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.delivery.push import subscriptions
from rongxin.delivery.push.rules import Status, Terms
from rongxin.journal.windows import Window
from rongxin.parties import departments, duty_mandates, seed
from rongxin.parties.rules.duty import State
from rongxin.parties.rules.membership import Role
from rongxin.rights import holds
from rongxin.rights.rules.use import HoldState
from rongxin.sharing.bulk import agreements
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.subject_kind import SubjectKind
from tests.unit.consent import stage
from tests.unit.entrypoints.portals.test_desk import enter

pytestmark = pytest.mark.django_db(transaction=True)


def in_days(days):
    return (timezone.localdate() + timedelta(days=days)).isoformat()


@pytest.fixture
def department():
    departments.admit("market_regulation", name="云州市市场监管局", actor=SYSTEM, as_of=stage.NOW)


def sent(**changes):
    given = {
        "do": "propose",
        "department": "market_regulation",
        "duty": "查处无照经营",
        "legal_basis": "无证无照经营查处办法第五条",
        "valid_from": in_days(0),
        "valid_until": in_days(30),
        "regions": "990100",
        "daily_limit": "20",
        "items": ["administrative_permit"],
    }
    return given | changes


def test_a_mandate_is_put_forward_granted_by_another_and_revoked(department):
    clerk, one = enter(), enter(Role.SECURITY_ADMINISTRATOR)
    assert clerk.post("/operator/mandates", sent()).status_code == 302
    [card] = duty_mandates.waiting()
    at = f"/operator/mandates/{card.id}"
    assert at in clerk.get("/operator/mandates?waiting=1").content.decode()
    assert "无证无照经营查处办法第五条" in clerk.get(at).content.decode()
    assert clerk.post(at, {"act": "grant"}).status_code == 422
    assert one.post(at, {"act": "grant"}).status_code == 302
    assert duty_mandates.get(card.id).state is State.GRANTED
    assert one.post(at, {"act": "revoke"}).status_code == 422
    assert one.post(at, {"act": "revoke", "reason": "职责已划转"}).status_code == 302
    assert duty_mandates.get(card.id).state is State.REVOKED


def test_the_regions_of_a_mandate_are_chosen_by_name_and_stay_typed(department):
    clerk = enter()
    form = clerk.get("/operator/mandates").content.decode()
    assert 'list="regions-known"' in form
    assert '<option value="990101 云溪区">' in form
    wrong = clerk.post("/operator/mandates", sent(regions=["云溪区", "云溪镇东头"]))
    page = wrong.content.decode()
    assert (wrong.status_code, "云溪镇东头" in page, 'value="云溪区"' in page) == (422, True, True)
    assert clerk.post("/operator/mandates", sent(regions=["云溪区", "", "990102 星槐区"])).status_code == 302
    [card] = duty_mandates.waiting()
    assert set(card.terms.regions) == {"990101", "990102"}
    page = clerk.get(f"/operator/mandates/{card.id}").content.decode()
    assert "云岭省云州市云溪区（990101）" in page


def test_who_put_a_mandate_forward_does_not_grant_it(department):
    one = enter(Role.SECURITY_ADMINISTRATOR)
    one.post("/operator/mandates", sent())
    [card] = duty_mandates.waiting()
    answer = one.post(f"/operator/mandates/{card.id}", {"act": "grant"})
    assert (answer.status_code, "提出人不能核准" in answer.content.decode()) == (422, True)
    assert duty_mandates.get(card.id).state is State.PROPOSED


def test_what_is_wrong_with_a_mandate_is_said_and_stays_typed(department):
    clerk = enter()
    for changes, says in (
        ({"daily_limit": "许多"}, "整数"),
        ({"valid_until": ""}, "请填写日期"),
        ({"items": []}, "履职依据有误"),
        ({"department": "nobody"}, "没有部门"),
    ):
        answer = clerk.post("/operator/mandates", sent(**changes))
        assert (answer.status_code, says in answer.content.decode()) == (422, True), changes
        assert "查处无照经营" in answer.content.decode()
    assert enter(Role.AUDIT_ADMINISTRATOR).post("/operator/mandates", sent()).status_code == 422
    assert duty_mandates.waiting() == []


def test_the_system_administrator_alone_takes_a_department_in():
    given = {"do": "admit", "id": "tax", "name": "云州市税务局"}
    assert enter(Role.SECURITY_ADMINISTRATOR).post("/operator/mandates", given).status_code == 422
    system = enter(Role.SYSTEM_ADMINISTRATOR)
    assert system.post("/operator/mandates", given | {"id": "Tax Bureau"}).status_code == 422
    assert departments.every() == []
    assert system.post("/operator/mandates", given).status_code == 302
    assert [card.name for card in departments.every()] == ["云州市税务局"]


def test_a_use_is_kept_back_by_two_persons_and_told_early(department):
    firm, one, other = stage.firm(), *(enter(Role.SECURITY_ADMINISTRATOR) for _ in range(2))
    given = {"uscc": firm.uscc, "department": "market_regulation", "until": in_days(20)}
    assert one.post("/operator/holds", given).status_code == 422
    assert (
        one.post("/operator/holds", given | {"legal_basis": "监察法第X条；案〔2026〕1号"}).status_code == 302
    )
    [card] = holds.every(Window(5)).rows
    at = f"/operator/holds/{card.id}"
    assert at in one.get(f"/operator/holds?find={firm.uscc}").content.decode()
    assert one.post(at, {"act": "confirm"}).status_code == 422
    assert other.post(at, {"act": "confirm"}).status_code == 302
    assert holds.get(card.id).state is HoldState.IN_FORCE
    auditor = enter(Role.AUDIT_ADMINISTRATOR)
    assert "监察法" in auditor.get(at).content.decode()
    assert auditor.post(at, {"act": "lift"}).status_code == 422
    assert other.post(at, {"act": "lift"}).status_code == 302
    assert holds.get(card.id).state is HoldState.LIFTED


def test_a_push_about_individual_businesses_waits_for_a_word_on_its_basis():
    stage.bank()
    kinds = (SubjectKind.INDIVIDUAL_BUSINESS,)
    terms = Terms(("administrative_permit",), "TS-1", "接入协议第三条", kinds=kinds, individuals_basis="协议")
    now = timezone.now()
    number = subscriptions.subscribe("bank_a", terms, actor=SYSTEM, as_of=now).id
    security, at = enter(Role.SECURITY_ADMINISTRATOR), f"/operator/subscriptions/{number}"
    assert at in security.get("/operator/subscriptions").content.decode()
    assert security.post(at, {"act": "confirm", "version": "1"}).status_code == 422
    seen = {"act": "confirm", "reason": "协议已核", "version": "9"}
    assert "条款现为第1版" in security.post(at, seen).content.decode()
    assert security.post(at, seen | {"version": "1"}).status_code == 302
    assert subscriptions.get(number).status is Status.ACTIVE
    assert security.post(at, {"act": "stop", "reason": "投诉"}).status_code == 302
    assert subscriptions.get(number).status is Status.STOPPED
    assert enter(Role.SYSTEM_ADMINISTRATOR).post(at, {"act": "resume", "reason": "x"}).status_code == 422


def test_an_agreement_is_entered_with_its_paper_and_checked_by_another():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    one, other = enter(Role.CHECKER), enter(Role.CHECKER)
    given = {
        "item": "abnormal_operations_list",
        "document_number": "云市监函〔2026〕3号",
        "signed_on": in_days(-3),
        "from_on": in_days(0),
        "until_on": in_days(90),
        "calls_per_minute": "60",
        "refresh_days": "7",
        "keep_days": "0",
    }
    assert "扫描件" in one.post("/operator/agreements", given).content.decode()
    paper = {"paper": SimpleUploadedFile("约定.pdf", b"%PDF-1.7 agreed", "application/pdf")}
    assert one.post("/operator/agreements", given | paper).status_code == 302
    [card] = agreements.every()
    assert card.terms.document_sha256 == sha256(b"%PDF-1.7 agreed").hexdigest()
    at = f"/operator/agreements/{card.id}"
    assert at in one.get("/operator/agreements").content.decode()
    assert one.post(at, {"act": "confirm"}).status_code == 422
    assert enter(Role.SYSTEM_ADMINISTRATOR).post(at, {"act": "confirm"}).status_code == 422
    assert other.post(at, {"act": "confirm"}).status_code == 302
    assert agreements.get(card.id).in_force(timezone.localdate())
    assert other.post(at, {"act": "end"}).status_code == 422
    assert other.post(at, {"act": "end", "reason": "单位来函终止"}).status_code == 302
    assert not agreements.get(card.id).in_force(timezone.localdate())
