"""A clerk tells what became of a case, on its page or by a file; nobody needs the API for it ((七))."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rongxin.financing import outcomes
from rongxin.financing.rules import Stage
from tests.unit.consent import stage
from tests.unit.entrypoints.portals.test_institution_outcomes import enter
from tests.unit.financing.test_rules import APPROVED, RECEIVED

pytestmark = pytest.mark.django_db(transaction=True)
SENT = {"stage": "drawn", "on": APPROVED.on.isoformat(), "amount_cny": "300,000"}


@pytest.fixture
def firm():
    stage.bank()
    stage.bank("bank_b")
    return stage.firm()


@pytest.fixture
def case(firm):
    return stage.case(firm, "bank_a", "DK-1")


def test_the_first_step_of_a_case_that_the_bank_opened_is_told_on_its_page(case):
    client, page = enter(), f"/institution/cases/{case}/step"
    assert page in client.get(f"/institution/cases/{case}").content.decode()
    shown = client.get(page, {"stage": "drawn"}).content.decode()
    assert 'name="amount_cny"' in shown
    assert 'value="settled"' not in shown
    assert client.post(page, SENT).headers["Location"] == f"/institution/cases/{case}"
    assert [told.stage for told in outcomes.of_case(case)] == [Stage.DRAWN]
    assert "已放款" in client.get(page).content.decode()


def test_what_cannot_be_told_is_said_in_words_and_stays_typed(case):
    client, page = enter(), f"/institution/cases/{case}/step"
    for changes, says in (
        ({"amount_cny": "0"}, "金额应大于零"),
        ({"amount_cny": "三十万"}, "应为数字"),
        ({"stage": "settled"}, "不能是“已结清”"),
        ({"on": ""}, "请填写日期"),
        ({"on": "2999-01-01"}, "在将来"),
    ):
        answer = client.post(page, SENT | changes)
        assert answer.status_code == 422, changes
        assert says in answer.content.decode(), changes
    assert 'value="300,000"' in answer.content.decode()
    assert outcomes.of_case(case) == []


def test_the_last_step_ends_the_case_and_nothing_more_is_asked(case):
    client, page = enter(), f"/institution/cases/{case}/step"
    sent = {"stage": "rejected", "on": APPROVED.on.isoformat(), "rejection": "policy"}
    assert client.post(page, sent).status_code == 302
    case_page = client.get(f"/institution/cases/{case}").content.decode()
    assert "办结。" in case_page
    assert page not in case_page
    assert "没有可以再反馈的" in client.get(page).content.decode()


def test_another_institutions_case_is_not_there(case):
    client = enter("bank_b")
    assert client.post(f"/institution/cases/{case}/step", SENT).status_code == 404
    assert outcomes.of_case(case) == []


def test_many_are_told_by_a_file_and_every_row_is_accounted_for(case):
    client = enter()
    assert "业务编号" in client.get("/institution/outcomes").content.decode()
    rows = f"DK-1,已受理,{RECEIVED.on},500000\nDK-9,已受理,{RECEIVED.on},1\nDK-1,已放款,昨天,1\n"
    text = f"业务编号,阶段,日期,金额（元）\n{rows}".encode()
    sent = {"file": SimpleUploadedFile("结果.csv", text, "text/csv")}
    shown = client.post("/institution/outcomes", sent).content.decode()
    assert "<strong>1 <small>行</small></strong> 接收" in shown
    assert "<strong>2 <small>行</small></strong> 未接收" in shown
    assert "日期：" in shown
    assert [told.stage for told in outcomes.of_case(case)] == [Stage.RECEIVED]
    wrong = {"file": SimpleUploadedFile("其他.csv", "甲,乙\n1,2\n".encode(), "text/csv")}
    assert "不认识的列" in client.post("/institution/outcomes", wrong).content.decode()
