"""A clerk puts right or takes back what the institution told of a case, on the case's page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.consent import notifications
from rongxin.financing import outcomes
from rongxin.financing.rules import Stage
from rongxin.parties import subjects
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.rights import objections, papers
from rongxin.rights.objections import Complaint
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors
from tests.unit.financing import desk
from tests.unit.financing.test_rules import APPROVED, DRAWN, RECEIVED, SETTLED

pytestmark = pytest.mark.django_db(transaction=True)
RATE = {
    "stage": "approved",
    "amount_cny": "300,000",
    "rate_bp": "4.15",
    "term_months": "12",
    "security": "credit",
}
SENT = {**RATE, "on": APPROVED.on.isoformat(), "why": "利率笔误"}


def enter(bank="bank_a", role=Role.CLERK):
    client, someone = Client(), stage.staff(PartyKind.INSTITUTION, bank, role)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    return client


@pytest.fixture
def firm():
    stage.bank()
    stage.bank("bank_b")
    return stage.firm()


@pytest.fixture
def case(firm):
    case = stage.case(firm, "bank_a", "DK-1")
    lines = [outcomes.Line(n, case, told) for n, told in enumerate((RECEIVED, APPROVED, DRAWN))]
    clerk = stage.Actor(stage.ActorKind.ACCOUNT, "1", "institution:bank_a")
    outcomes.tell("bank_a", lines, actor=clerk, as_of=stage.NOW)
    return case


def at(case, place):
    standing = [card for card in outcomes.told_of(case) if not card.corrected]
    return f"/institution/outcomes/{standing[place].id}"


def test_a_wrong_rate_is_put_right_and_the_firm_told(firm, case):
    client, page = enter(), at(case, 1)
    shown = client.get(page).content.decode()
    assert 'value="4.35"' in shown
    assert 'value="300000.00"' in shown
    assert client.post(f"{page}/correct", SENT).headers["Location"] == f"/institution/cases/{case}"
    assert outcomes.of_case(case)[1].rate_bp == 415
    assert notifications.of_subject(firm.id)[0].text.endswith("已更正其内容。原因：利率笔误")
    listed = client.get(f"/institution/cases/{case}").content.decode()
    assert listed.count("更正或撤回") == 3
    assert "年利率（单利）4.35%" in listed
    assert "年利率（单利）4.15%" in listed
    assert "只供查阅" in client.get(page).content.decode()


def test_what_cannot_be_is_said_and_stays_typed(case):
    client, page = enter(), at(case, 1)
    for changes, says in (
        ({"rate_bp": "4.155"}, "至多两位小数"),
        ({"rate_bp": "1e99999999"}, "不过大"),
        ({"rate_bp": "四点一"}, "应为数字"),
        ({"amount_cny": "1e99999999"}, "不过大"),
        ({"amount_cny": "99999999999999"}, "超出范围"),
        ({"term_months": "Infinity"}, "应为数字"),
        ({"on": "2026-02-30"}, "请填写日期"),
        ({"security": ""}, "担保方式"),
        ({"stage": "lent"}, "请选择这一步是什么"),
        ({"stage": "rejected", "rejection": "policy"}, "不能是"),
        ({"why": " "}, "原因"),
        ({"why": "误" * 501}, "至多500字"),
    ):
        answer = client.post(f"{page}/correct", SENT | changes)
        assert answer.status_code == 422, changes
        shown = answer.content.decode()
        assert says in shown, changes
        assert 'value="300,000"' in shown or "stage" in changes or "amount_cny" in changes
    assert outcomes.of_case(case) == [RECEIVED, APPROVED, DRAWN]


def test_only_what_can_stand_there_is_offered_and_asked_for(case):
    client = enter()
    first = client.get(at(case, 0)).content.decode()
    assert 'value="drawn"' not in first
    last = client.get(at(case, 2), {"stage": "cancelled"}).content.decode()
    assert 'name="amount_cny"' not in last
    on = (DRAWN.on + timedelta(days=1)).isoformat()
    sent = {"stage": "cancelled", "on": on, "why": "未放款"}
    assert client.post(f"{at(case, 2)}/correct", sent).status_code == 302
    assert outcomes.of_case(case)[-1].stage is Stage.CANCELLED


def test_a_step_that_never_was_is_taken_back_and_one_that_others_rest_on_is_not(firm, case):
    client = enter()
    early = client.get(at(case, 1)).content.decode()
    assert "现在不能撤回" in early
    assert 'name="withdraw_why"' not in early
    assert client.post(f"{at(case, 1)}/withdraw", {"withdraw_why": "x"}).status_code == 422
    assert client.post(f"{at(case, 2)}/withdraw", {"withdraw_why": " "}).status_code == 422
    assert client.post(f"{at(case, 2)}/withdraw", {"withdraw_why": "未放款"}).status_code == 302
    assert outcomes.of_case(case) == [RECEIVED, APPROVED]
    assert "已撤回" in client.get(f"/institution/cases/{case}").content.decode()
    assert "未放款" in notifications.of_subject(firm.id)[0].text


def test_of_a_closed_case_a_step_is_corrected_and_its_end_not_taken_back(case):
    clerk = stage.Actor(stage.ActorKind.ACCOUNT, "1", "institution:bank_a")
    outcomes.tell("bank_a", [outcomes.Line(1, case, SETTLED)], actor=clerk, as_of=stage.NOW)
    client, page = enter(), at(case, 3)
    assert "现在不能撤回" in client.get(page).content.decode()
    sent = {"stage": "settled", "on": (SETTLED.on + timedelta(days=1)).isoformat(), "why": "日期笔误"}
    assert client.post(f"{page}/correct", sent).status_code == 302


def test_another_institution_and_an_administrator_reach_none(case):
    page = at(case, 2)
    for client, status in ((enter("bank_b"), 404), (enter(role=Role.ADMINISTRATOR), 403)):
        assert client.get(page).status_code == status
        assert client.post(f"{page}/correct", SENT).status_code == status
        assert client.post(f"{page}/withdraw", {"withdraw_why": "x"}).status_code == status
    assert len(outcomes.of_case(case)) == 3


def test_in_english_nothing_chinese_is_left_but_names(case):
    client = enter()
    client.cookies["django_language"] = "en"
    shown = client.get(at(case, 2)).content.decode()
    assert "Take back &quot;" in shown or 'Take back "' in shown
    assert "Reason for the correction" in shown


def test_a_decision_is_rounded_by_nobody():
    stage.bank()
    firm, client = stage.firm(), enter()
    card = desk.submitted(firm, as_of=timezone.now())
    sent = {"decision": "approved", "amount": "100000", "rate": "4.5", "term": "12", "security": "credit"}
    page = f"/institution/applications/{card.id}"
    for wrong in ({"rate": "4.555"}, {"term": "12.5"}, {"term": "1e99999999"}, {"rate": "NaN"}):
        assert client.post(f"{page}/decide", sent | wrong).status_code == 422, wrong
    assert client.post(f"{page}/decide", sent).status_code == 302
    shown = client.get(page).content.decode()
    assert f"/institution/cases/{card.case.id}#outcomes" in shown


def test_a_figure_that_was_left_empty_is_not_told_as_nought():
    """A loan of 0 % and a firm that is 0 days overdue are things to tell, not what silence means."""
    stage.bank()
    firm, client = stage.firm(), enter()
    card = desk.submitted(firm, as_of=timezone.now())
    sent = {"decision": "approved", "amount": "100000", "rate": "4.5", "term": "12", "security": "credit"}
    page = f"/institution/applications/{card.id}"
    refused = client.post(f"{page}/decide", sent | {"rate": ""})
    assert (refused.status_code, "须填报 年利率" in refused.content.decode()) == (422, True)
    client.post(f"{page}/decide", sent)
    client.post(f"{page}/tell", {"stage": "drawn", "amount": "100000"})
    for lacking in ({"amount": "90000"}, {"overdue_days": "0"}):
        assert client.post(f"{page}/tell", {"stage": "repayment"} | lacking).status_code == 422, lacking
    whole = {"stage": "repayment", "amount": "90000", "overdue_days": "0"}
    assert client.post(f"{page}/tell", whole).status_code == 302
    assert [one.stage for one in outcomes.of_case(card.case.id)][-2:] == [Stage.DRAWN, Stage.REPAYMENT]


def objection(firm, case):
    """The firm says that nothing was drawn."""
    drawn = next(card for card in outcomes.told_of(case) if card.told == DRAWN)
    paper = papers.File("a.pdf", "application/pdf", b"%PDF-1.7")
    complaint = Complaint(outcomes.ITEM, outcomes.record_of(drawn.id), (), "没有放过款", (paper,))
    return objections.lodge(firm.id, complaint, actor=firm.owner.actor, as_of=timezone.now()).id


def test_a_firms_objection_is_answered_where_the_step_was_put_right_first(firm, case):
    client, number = enter(), objection(firm, case)
    page = f"/institution/objections/{number}"
    listed = client.get("/institution/objections").content.decode()
    assert subjects.get(firm.id).name in listed
    assert page in listed
    assert "待本机构答复" in listed
    shown = client.get(page).content.decode()
    for words in ("没有放过款", "已放款", at(case, 2), "请先更正或撤回", "待本机构答复"):
        assert words in shown
    assert 'value="upheld"' not in shown
    early = client.post(page, {"outcome": "upheld", "reason": "核实有误"})
    assert (early.status_code, "尚未更正或撤回" in early.content.decode()) == (422, True)
    (paper,) = papers.of(number)
    assert client.get(f"{page}/{paper.id}").content == b"%PDF-1.7"
    assert client.post(f"{at(case, 2)}/withdraw", {"withdraw_why": "没有放款"}).status_code == 302
    assert 'value="upheld"' in client.get(page).content.decode()
    assert client.post(page, {"outcome": "upheld", "reason": "核实有误"}).status_code == 302
    assert objections.get(number).state.value == "upheld"
    assert client.get(f"{page}/{paper.id}").status_code == 403


def test_it_is_rejected_with_reasons_and_seen_by_nobody_else(firm, case):
    client, number = enter(), objection(firm, case)
    page = f"/institution/objections/{number}"
    for other, status in ((enter("bank_b"), 404), (enter(role=Role.ADMINISTRATOR), 403)):
        assert other.get(page).status_code == status
        assert other.post(page, {"outcome": "rejected", "reason": "x"}).status_code == status
    assert client.post(page, {"outcome": "rejected", "reason": " "}).status_code == 422
    assert client.post(page, {"outcome": "rejected", "reason": "借据为证"}).status_code == 302
    assert objections.get(number).state.value == "rejected"
    assert "借据为证" in notifications.of_subject(firm.id)[0].text
    assert str(number) not in client.get("/institution/objections").content.decode()
    assert str(number) in client.get("/institution/objections?all=1").content.decode()


def test_what_only_looks_like_a_number_is_none(firm, case):
    client, owner = enter(), Client()
    doors.as_person(owner, firm.owner)
    card = desk.submitted(firm, as_of=timezone.now())
    for odd in ("²", "9" * 5000, "-1", "1.5"):
        rated = client.post(f"/institution/applications/{card.id}/feedback", {"rating": odd})
        assert rated.status_code == 422, odd
        assert owner.get(f"/enterprise/rights/object/{outcomes.ITEM}", {"record": odd}).status_code == 404, (
            odd
        )
