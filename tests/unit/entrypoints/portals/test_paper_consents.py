"""A clerk of a bank hands in what a firm signed on paper, and gives up a consent (附件 注3)."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rongxin.consent import grants, notifications, written
from rongxin.consent.rules import Status
from tests.unit.consent import stage
from tests.unit.entrypoints.portals.test_institution_outcomes import enter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm():
    stage.bank()
    stage.bank("bank_b")
    return stage.firm()


@pytest.fixture
def case(firm):
    return stage.case(firm, "bank_a", "DK-1")


def sent(firm, **changes):
    given = {
        "scan": SimpleUploadedFile("授权书.pdf", stage.SCAN, "application/pdf"),
        "signed_by": firm.owner.name,
        "signed_on": stage.TODAY.isoformat(),
        "items": ["tax_payment"],
        "noticed": "1",
        **stage.shown(),
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def test_a_signed_paper_is_handed_in_and_waits_for_the_operators_check(firm, case):
    client, page = enter(), f"/institution/cases/{case}/paper"
    assert page in client.get(f"/institution/cases/{case}").content.decode()
    assert "附有风险告知书" in client.get(page).content.decode()
    assert client.post(page, sent(firm)).headers["Location"] == f"/institution/cases/{case}"
    [card] = written.of_case(case)
    assert (card.draft.items, card.proposed_for) == (frozenset({"tax_payment"}), "institution:bank_a")
    assert "以您的名义提交了一份书面授权" in notifications.of_subject(firm.id)[0].text
    listed = client.get(f"/institution/cases/{case}").content.decode()
    assert "书面授权，张建国于<time>2026-03-02</time>签署" in listed
    assert "待复核" in listed


def test_what_is_missing_on_a_paper_is_said_and_what_was_typed_stays(firm, case):
    client, page = enter(), f"/institution/cases/{case}/paper"
    for changes, says in (
        ({"scan": None}, "没有选择扫描件"),
        ({"scan": SimpleUploadedFile("a.pdf", b"text", "application/pdf")}, "内容与格式相符"),
        ({"signed_by": "李四"}, "与登记的法定代表人"),
        ({"signed_on": ""}, "请填写日期"),
        ({"noticed": None}, "纸面须附有现行的风险告知书"),
        ({"items": []}, "信息项"),
    ):
        answer = client.post(page, sent(firm, **changes))
        assert answer.status_code == 422, changes
        shown = answer.content.decode()
        assert says in shown, changes
        assert 'value="tax_payment" checked' in shown or changes == {"items": []}
    assert written.of_case(case) == []


def test_another_institutions_case_takes_no_paper(firm, case):
    assert enter("bank_b").post(f"/institution/cases/{case}/paper", sent(firm)).status_code == 404


def test_a_consent_that_is_needed_no_more_is_given_up_on_the_page(firm, case):
    grant = stage.consent(firm, case)
    at = f"/institution/consents/{grant.id}/give-up"
    assert enter("bank_b").post(at).status_code == 404
    client = enter()
    assert at in client.get(f"/institution/cases/{case}").content.decode()
    assert client.post(at).headers["Location"] == f"/institution/cases/{case}"
    assert grants.get(grant.id).status is not Status.ACTIVE
    assert at not in client.get(f"/institution/cases/{case}").content.decode()
