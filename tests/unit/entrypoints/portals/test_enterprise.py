"""The portal of a firm: answer a request, take a consent back, see who looked; nobody sees another's."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.consent import cases, grants, notices, requests
from rongxin.consent.rules import CaseKind, Status
from rongxin.financing import outcomes
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import Stage, Told
from rongxin.parties import accounts, memberships, seed, subjects
from rongxin.parties.models import Membership
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

# Numbers of cases: a random text can look like somebody's telephone.
_numbers = itertools.count(1)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm(client):
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    found = stage.firm()
    stage.bank()
    doors.as_person(client, found.owner)
    return found


@pytest.fixture
def asked(firm):
    """A bank's request, waiting for the firm's answer."""
    return ask(firm)


def ask(firm, *items):
    now = timezone.now()
    clerk = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")
    case = cases.open_case(
        "bank_a", firm.id, f"DK-{next(_numbers)}", CaseKind.LOAN_APPLICATION, actor=clerk, as_of=now
    )
    draft = stage.draft(*(items or ("tax_payment", "business_licence")), as_of=now)
    return requests.request(case.id, draft, actor=clerk, as_of=now).id


def shown():
    notice = notices.current(timezone.localdate())
    return {"notice_version": notice.version, "notice_sha256": notice.sha256, "read": "1"}


def test_the_first_page_says_what_waits(client, firm, asked):
    page = client.get("/enterprise").content.decode()
    assert "等您答复" in page
    assert "云州蓝鲸物流有限公司" in page


def test_a_request_says_to_whom_what_why_until_when_and_how_to_take_it_back(client, asked):
    page = client.get(f"/enterprise/requests/{asked}").content.decode()
    for words in ("云州bank_a银行", "纳税信息", "贷前审批", "到期删除", "随时在“我的授权”", "不同意会怎样"):
        assert words in page


def test_a_request_for_the_platforms_own_names_it_with_its_fields_and_values(client, firm):
    lender = cases.open_case(
        stage.bank("bank_c"), firm.id, "DK-C", CaseKind.LOAN_APPLICATION, actor=SYSTEM, as_of=timezone.now()
    )
    told = Told(Stage.RECEIVED, timezone.localdate(), amount_cny=Decimal("500000"))
    outcomes.tell("bank_c", [Line(1, lender.id, told)], actor=SYSTEM, as_of=timezone.now())
    number = ask(firm, "tax_payment", "financing_outcome", "financing_institution", "credit_evaluation")
    page = client.get(f"/enterprise/requests/{number}").content.decode()
    for words in ("融资结果反馈", "逾期天数", "反馈机构名称", "信用评价", "各机构反馈给平台的融资结果"):
        assert words in page
    assert "500,000.00" not in page
    values = client.post(f"/enterprise/requests/{number}").content.decode()
    assert "500,000.00" in values
    held = client.post("/enterprise/held").content.decode()
    for words in ("融资结果反馈", "500,000.00", "云州bank_c银行"):
        assert words in held


def test_a_preview_shows_the_firms_own_values_and_is_journalled_as_its_own_look(client, asked):
    page = client.post(f"/enterprise/requests/{asked}").content.decode()
    assert "您的数据（只给您自己看）" in page
    assert "本企业" in client.get("/enterprise/uses?own=1").content.decode()


def test_a_preview_says_plainly_what_a_bank_gets_of_an_item_that_is_only_compared(client, firm):
    number = ask(firm, "real_estate", "social_insurance")
    before = client.get(f"/enterprise/requests/{number}").content.decode()
    assert before.count("不给出数值，只回答它报出的内容是否一致") == 2
    page = client.post(f"/enterprise/requests/{number}").content.decode()
    assert page.count("只回答“一致”“不一致”或“无记录”") == 2
    assert "不允许该共享方式" not in page


def test_consent_needs_the_notice_read(client, asked):
    unread = client.post(f"/enterprise/requests/{asked}/sign", {**shown(), "read": ""})
    assert unread.status_code == 422
    assert "请先阅读" in unread.content.decode()
    other = client.post(f"/enterprise/requests/{asked}/sign", {**shown(), "notice_sha256": "0" * 64})
    assert other.status_code == 422
    assert requests.get(asked).consent_id is None


def test_a_consent_is_given_paused_resumed_and_withdrawn(client, asked):
    done = client.post(f"/enterprise/requests/{asked}/sign", shown())
    number = requests.get(asked).consent_id
    assert done.headers["Location"] == f"/enterprise/consents/{number}"
    for act, status in (
        ("pause", Status.PAUSED),
        ("resume", Status.ACTIVE),
        ("withdraw", Status.WITHDRAWN),
    ):
        client.post(f"/enterprise/consents/{number}/{act}")
        assert grants.get(number).status is status
    assert "不能再凭这份授权" in client.get(f"/enterprise/consents/{number}").content.decode()


def test_one_click_withdraws_and_what_it_means_stands_beside_it(client, asked):
    client.post(f"/enterprise/requests/{asked}/sign", shown())
    number = requests.get(asked).consent_id
    page = client.get(f"/enterprise/consents/{number}").content.decode()
    assert f'action="/enterprise/consents/{number}/withdraw"' in page
    for words in ("贷款合同继续有效", "删除回执", "撤回的不能恢复"):
        assert words in page
    assert client.get(f"/enterprise/consents/{number}/withdraw").status_code == 405
    assert grants.get(number).status is Status.ACTIVE


def test_an_identity_asserted_too_long_ago_is_asserted_again_before_signing(client, asked):
    session = client.session
    said = session["assertion"]
    session["assertion"] = {**said, "at": stage.NOW.isoformat()}
    session.save()
    answer = client.post(f"/enterprise/requests/{asked}/sign", shown())
    assert answer.headers["Location"].startswith("/sign-in/person?next=")
    assert requests.get(asked).consent_id is None


def test_declining_leaves_nothing(client, asked):
    client.post(f"/enterprise/requests/{asked}/decline")
    assert requests.get(asked).status.value == "declined"
    assert "没有等您答复的申请" in client.get("/enterprise/requests").content.decode()


def test_nobody_reads_or_answers_what_is_another_firms(client, firm):
    other = stage.firm("云州白鹭餐饮有限公司")
    number = ask(other)
    for page in (f"/enterprise/requests/{number}", f"/enterprise/requests/{number}/sign"):
        assert client.get(page).status_code == 404
    assert client.post(f"/enterprise/requests/{number}/decline").status_code == 404
    case = requests.get(number).case_id
    now = timezone.now()
    consent = stage.consent(other, case, as_of=now)
    assert client.get(f"/enterprise/consents/{consent.id}").status_code == 404
    for act in ("pause", "withdraw"):
        assert client.post(f"/enterprise/consents/{consent.id}/{act}").status_code == 404
    assert grants.get(consent.id).status is Status.ACTIVE


def test_what_is_held_is_shown_and_handed_out(client, firm):
    page = client.post("/enterprise/held")
    assert page.status_code == 200
    assert "营业执照" in page.content.decode()
    file = client.post("/enterprise/held", {"form": "json"})
    assert file.json()["kind"] == "self"


def test_a_mandate_is_given_by_account_and_ended(client, firm):
    agent = stage.person("王经办")
    unknown = {"account": "nobody", "until": f"{timezone.localdate()}"}
    assert client.post("/enterprise/agents", unknown).status_code == 422
    day = timezone.localdate() + timedelta(days=30)
    client.post("/enterprise/agents", {"account": accounts.get(agent.account).username, "until": f"{day}"})
    held = memberships.of_account(agent.account, on=timezone.localdate())
    assert [card.party for card in held] == [str(firm.id)]
    client.post(f"/enterprise/agents/{held[0].id}/end")
    assert memberships.of_account(agent.account, on=timezone.localdate()) == []


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(client):
    answer = client.get("/enterprise/uses")
    assert answer.headers["Location"] == "/sign-in/person?next=%2Fenterprise%2Fuses"


def test_who_is_signed_in_without_a_role_is_led_to_choose_one_and_back(client, firm):
    session = client.session
    session.pop("role")
    session.save()
    answer = client.get("/enterprise/uses")
    assert answer.headers["Location"] == "/sign-in/roles?next=%2Fenterprise%2Fuses"


def test_an_owner_whose_number_no_record_holds_signs_by_the_licence_she_shows_on_the_page(client):
    stage.bank()
    found = stage.firm()
    by = {"actor": SYSTEM, "as_of": stage.NOW}
    subjects.change_legal_representative(found.id, found.owner.name, **by)
    licence = found.owner.attest(represents=found.uscc)
    memberships.represent(found.owner.account, found.id, licence, **by)
    Membership.objects.update(vouched_at=stage.NOW - timedelta(days=366))  # too long ago to stand for it
    number = ask(found)
    doors.as_person(client, found.owner)
    answer = client.post(f"/enterprise/requests/{number}/sign", shown())
    assert (answer.status_code, "电子营业执照" in answer.content.decode()) == (422, True)
    assert 'id="represents"' in client.get("/sign-in/person").content.decode()
    doors.as_person(client, found.owner, represents=found.uscc)
    assert client.post(f"/enterprise/requests/{number}/sign", shown()).status_code == 302
    assert grants.get(requests.get(number).consent_id).status is Status.ACTIVE
