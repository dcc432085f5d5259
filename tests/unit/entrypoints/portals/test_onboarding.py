"""The operator admits an institution and acts on it: two people for what loosens, one page for each step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import attachments
from rongxin.governance.conditions.rules import Condition
from rongxin.governance.onboarding import applications, cards, documents, door, parameters
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.standing import InstitutionKind, Standing
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)
REPORT, PAPER = b"%PDF-1.7 assessment", b"%PDF-1.7 licence"


def enter(role=Role.SECURITY_ADMINISTRATOR):
    client = Client()
    someone = stage.staff(PartyKind.OPERATOR, None, role)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    return client


@pytest.fixture
def application():
    asked = parameters.in_force(timezone.localdate())
    named = dict.fromkeys(asked.documents, sha256(PAPER).hexdigest())
    wish = cards.Wish("bank_n", "云州新银行", stage.code(), InstitutionKind.BANK, "0990-1", named)
    return door.apply(wish, origin="", as_of=timezone.now() - timedelta(days=3))[0]


def verdicts(verdict="met", **more):
    asked = parameters.in_force(timezone.localdate())
    return {f"verdict-{one.id}": verdict for one in asked.questions} | more


def assessed(client, application, **more):
    more.setdefault("evidence", SimpleUploadedFile("评估报告.pdf", REPORT, "application/pdf"))
    return client.post(f"/operator/applications/{application.id}/assess", verdicts(**more))


def test_one_person_assesses_and_another_admits(application):
    first, second = enter(), enter()
    page = first.get("/operator/applications").content.decode()
    assert "云州新银行" in page
    assert "已等3天" in page
    due = timezone.localdate() + timedelta(days=90)
    given = {"condition": ["按季报送", ""], "due": [str(due), ""]}
    assert assessed(first, application, **given).status_code == 302
    found = applications.get(application.id)
    assert {one["evidence_sha256"] for one in found.findings.values()} == {sha256(REPORT).hexdigest()}
    assert (found.percent, found.conditions) == (100, (Condition("按季报送", due),))
    decide = f"/operator/applications/{application.id}/decide"
    refused = first.post(decide, {"act": "approve"})
    assert refused.status_code == 422
    assert "另一人" in refused.content.decode()
    assert second.post(decide, {"act": "approve"}).status_code == 302
    assert institutions.get("bank_n").standing is Standing.ACTIVE


def test_who_decides_reads_what_was_handed_in_and_what_shows_the_findings(application):
    first, second = enter(), enter()
    assessed(first, application)
    papers = [attachments.File("执照.pdf", "application/pdf", PAPER)]
    documents.hand_in(application.id, papers, as_of=timezone.now())
    at = f"/operator/applications/{application.id}"
    page = second.get(at).content.decode()
    for content in (PAPER, REPORT):
        link = f"{at}/documents/{sha256(content).hexdigest()}"
        assert f'href="{link}"' in page
        saved = second.get(link)
        assert (saved.content, saved["Content-Type"]) == (content, "application/pdf")
        assert saved["Content-Disposition"].startswith("attachment")
        assert enter(Role.AUDIT_ADMINISTRATOR).get(link).status_code == 403
    assert second.get(f"{at}/documents/{'0' * 64}").status_code == 404
    assert "文件尚未提交" not in page


def test_evidence_that_is_no_plain_file_is_refused_and_nothing_is_assessed(application):
    page = enter()
    active = SimpleUploadedFile("报告.pdf", b"%PDF-1.7 /JavaScript (x)", "application/pdf")
    answer = assessed(page, application, evidence=active)
    assert answer.status_code == 422
    assert "含有脚本" in answer.content.decode()
    assert applications.get(application.id).percent is None
    assert "文件尚未提交" in page.get(f"/operator/applications/{application.id}").content.decode()


def test_a_question_without_a_verdict_or_evidence_is_named_and_the_rest_stays(application):
    client = enter()
    at = f"/operator/applications/{application.id}/assess"
    answer = client.post(
        at, {**verdicts("partly"), "verdict-purpose_limit": "", "condition": "按季报送", "due": ""}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "按季报送" in page
    assert page.count('value="partly" checked') == len(verdicts()) - 1
    assert "请为" in client.post(at, verdicts()).content.decode()
    evidence = SimpleUploadedFile("评估报告.pdf", REPORT, "application/pdf")
    for condition, due, said in (("按季报送", "", "的期限"), ("", "2027-01-01", "没有写明")):
        given = verdicts(evidence=evidence, condition=condition, due=due)
        assert said in client.post(at, given).content.decode()
        evidence.seek(0)


def test_declining_needs_a_reason(application):
    client = enter()
    at = f"/operator/applications/{application.id}/decide"
    assert client.post(at, {"act": "decline"}).status_code == 422
    assert client.post(at, {"act": "decline", "reason": "材料不齐"}).status_code == 302
    page = client.get("/operator/applications?state=declined").content.decode()
    assert "云州新银行" in page


def test_applications_for_one_code_stand_side_by_side_and_one_approval_closes_the_rest(application):
    wish = replace(application.wish, name="云州冒名银行", institution="bank_x")
    stranger, _ = door.apply(wish, origin="198.51.100.1", as_of=timezone.now())
    first, second = enter(), enter()
    assert "同一代码另有1份" in first.get("/operator/applications").content.decode()
    page = first.get(f"/operator/applications/{application.id}").content.decode()
    assert f"/operator/applications/{stranger.id}" in page
    assert "云州冒名银行" in page
    assessed(first, application)
    second.post(f"/operator/applications/{application.id}/decide", {"act": "approve"})
    page = second.get(f"/operator/applications/{stranger.id}").content.decode()
    assert "另一份申请已获核准" in page
    assert "云州新银行" not in page


def test_applications_are_found_by_name_code_state_and_kind(application):
    client, code = enter(), application.wish.uscc

    def there(query):
        return "云州新银行" in client.get(f"/operator/applications?{query}").content.decode()

    assert [there(f"find={text}") for text in ("新银", code.lower(), "bank_n", "旧银")] == [
        True,
        True,
        True,
        False,
    ]
    assert [there(f"kind={kind}") for kind in ("bank", "insurer")] == [True, False]
    applications.decline(application.id, reason="材料不齐", actor=stage.operators()[0], as_of=timezone.now())
    assert [there(query) for query in ("", "all=1", "state=declined", "state=approved")] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("role", [Role.AUDIT_ADMINISTRATOR, Role.CLERK])
def test_who_may_not_decide_sees_no_button_and_is_refused(application, role):
    client = enter(role)
    assert "不予核准" not in client.get(f"/operator/applications/{application.id}").content.decode()
    assert client.post(f"/operator/applications/{application.id}/decide").status_code == 403


@pytest.fixture
def bank():
    return stage.bank("bank_a")


def measure(client, act, **more):
    return client.post("/operator/institutions/bank_a/measures", {"act": act, "why": "异常查询", **more})


def test_to_stop_takes_one_person_and_to_let_go_on_takes_two(bank):
    first, second = enter(), enter()
    assert measure(first, "suspend").status_code == 302
    assert institutions.get(bank).standing is Standing.SUSPENDED
    measure(first, "reinstate")
    page = second.get("/operator/institutions/bank_a").content.decode()
    number = page.split("/measures/")[1].split('"')[0]
    at = f"/operator/institutions/bank_a/measures/{number}"
    assert first.post(at, {"act": "confirm"}).status_code == 422
    assert institutions.get(bank).standing is Standing.SUSPENDED
    assert second.post(at, {"act": "confirm"}).status_code == 302
    assert institutions.get(bank).standing is Standing.ACTIVE


@pytest.mark.parametrize("given", [{"act": "limit"}, {"act": "daily_quota", "allowed": "许多"}, {"act": "x"}])
def test_a_measure_that_makes_no_sense_says_why_and_keeps_what_was_typed(bank, given):
    answer = enter().post("/operator/institutions/bank_a/measures", {"why": "业务增长", **given})
    assert answer.status_code == 422
    assert 'value="业务增长"' in answer.content.decode()


def test_an_administrator_is_invited_by_one_and_released_by_another_with_the_secret_once(bank):
    first, second = enter(), enter()
    first.post("/operator/institutions/bank_a/enter", {"what": "administrator", "name": "王小云"})
    page = second.get("/operator/institutions/bank_a").content.decode()
    number = page.split("/confirm/")[1].split('"')[0]
    at = f"/operator/institutions/bank_a/confirm/{number}"
    assert first.post(at, {"what": "administrator"}).status_code == 422
    shown = second.post(at, {"what": "administrator"})
    assert "只显示这一次" in shown.content.decode()
    assert "只显示这一次" not in second.get("/operator/institutions/bank_a").content.decode()


def test_a_redirect_address_is_entered_by_one_and_confirmed_by_another(bank):
    clerk, second = enter(Role.CLERK), enter()
    clerk.post("/operator/institutions/bank_a/enter", {"what": "address", "uri": "https://bank.example/back"})
    page = second.get("/operator/institutions/bank_a").content.decode()
    number = page.split("/confirm/")[1].split('"')[0]
    assert clerk.post(f"/operator/institutions/bank_a/confirm/{number}").status_code == 403
    second.post(f"/operator/institutions/bank_a/confirm/{number}", {"what": "address"})
    assert "已生效" in second.get("/operator/institutions/bank_a").content.decode()
