"""Objections through the pages: the owner objects, the department answers, nobody reads another's."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.journal.windows import Window
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.rights import objections, repairs, window_decisions
from rongxin.rights.repairs import Wish
from rongxin.rights.rules import repair as rules
from rongxin.rights.rules.objection import State
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors
from tests.unit.rights import stage as rights_stage
from tests.unit.rights.test_repairs import COMMITMENT, PROOF, decision

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm(client):
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    found = stage.firm()
    doors.as_person(client, found.owner)
    return found


def objected(client, **more):
    """Object to an item of which the platform holds no record; return the objection."""
    answer = client.post("/enterprise/rights/object/tax_payment", {"statement": "缴税金额少记了一笔", **more})
    assert answer.status_code == 302, answer.content.decode()
    return answer


def test_an_owner_objects_and_takes_it_back(client, firm):
    objected(client, fields=["vat_paid_cny_12m"])
    (card,) = objections.of_subject(firm.id, Window(5)).rows
    assert card.fields == ("vat_paid_cny_12m",)
    assert "纳税信息" in client.get("/enterprise/rights").content.decode()
    client.post(f"/enterprise/rights/{card.id}/withdraw")
    assert objections.get(card.id).state is State.WITHDRAWN


def test_an_objection_says_what_is_wrong(client, firm):
    answer = client.post("/enterprise/rights/object/tax_payment", {"statement": " "})
    assert answer.status_code == 422
    assert "有一处需要更正" in answer.content.decode()


def test_nobody_takes_back_what_is_another_firms(client, firm):
    objected(client)
    (card,) = objections.of_subject(firm.id, Window(5)).rows
    doors.as_person(client, stage.firm("云州白鹭餐饮有限公司").owner)
    assert client.post(f"/enterprise/rights/{card.id}/withdraw").status_code == 404
    assert objections.get(card.id).state is not State.WITHDRAWN


def test_the_department_answers_with_a_reason_and_no_other_department_sees_it(client, firm):
    objected(client)
    (card,) = objections.of_subject(firm.id, Window(5)).rows
    other = stage.staff(PartyKind.PROVIDER, "customs")
    doors.as_staff(client, doors.with_password(other, as_of=timezone.now()))
    assert client.get(f"/provider/objections/{card.id}").status_code == 404
    clerk = stage.staff(PartyKind.PROVIDER, "tax_bureau")
    doors.as_staff(client, doors.with_password(clerk, as_of=timezone.now()))
    assert "缴税金额少记了一笔" in client.get(f"/provider/objections/{card.id}").content.decode()
    assert client.post(f"/provider/objections/{card.id}", {"outcome": "rejected"}).status_code == 422
    client.post(f"/provider/objections/{card.id}", {"outcome": "rejected", "reason": "与申报一致"})
    assert objections.get(card.id).state is State.REJECTED


@pytest.fixture
def scene(client, tmp_path, settings):
    """A firm that was fined, signed in."""
    settings.RONGXIN_VAR = tmp_path / "var"
    made = rights_stage.opened(tmp_path)
    doors.as_person(client, made.firm.owner)
    return made


def asked(scene):
    wish = Wish(scene.fined(), rules.Severity.GENERAL, "罚款已缴清", (PROOF, COMMITMENT))
    return repairs.request(scene.firm.id, wish, actor=scene.owner, as_of=scene.now).id


def test_an_owner_follows_a_repair_to_the_windows_reasons(client, scene, tmp_path, settings):
    (tmp_path / "window" / "in").mkdir(parents=True)
    settings.RONGXIN_REPAIR_WINDOW = f"file:{tmp_path / 'window'}"
    number = asked(scene)
    page = client.get("/enterprise/rights").content.decode()
    for words in ("一般失信", "自动停止公示", f"/enterprise/rights/repairs/{number}/withdraw"):
        assert words in page
    repairs.forward_waiting(as_of=scene.now)
    one, other = stage.operators(2, Role.CHECKER)
    made = decision(number, rules.Outcome.REFUSED)
    window_decisions.enter(made, actor=one, as_of=scene.now)
    assert "已履行" not in client.get("/enterprise/rights").content.decode()
    window_decisions.confirm(number, actor=other, as_of=scene.now)
    page = client.get("/enterprise/rights").content.decode()
    for words in ("云州市市场监管局于<time>2026-03-05</time>决定（修决〔2026〕1号）", "已履行"):
        assert words in page
    assert "repairs/" not in page


def test_an_owner_takes_a_repair_back_and_nobody_elses(client, scene):
    number = asked(scene)
    at = f"/enterprise/rights/repairs/{number}/withdraw"
    doors.as_person(client, stage.firm("云州白鹭餐饮有限公司").owner)
    assert client.post(at).status_code == 404
    assert repairs.get(number).state is rules.State.REQUESTED
    doors.as_person(client, scene.firm.owner)
    assert client.post(at).headers["Location"] == "/enterprise/rights"
    assert repairs.get(number).state is rules.State.WITHDRAWN


def test_a_department_that_gave_no_answer_is_not_counted_as_nothing_against_one(client, scene):
    assert "未接入或没有答复的部门不在内" in client.post("/enterprise/held").content.decode()


def test_what_can_be_repaired_says_so_beside_the_record(client, scene):
    record = scene.fined()
    page = client.post("/enterprise/held").content.decode()
    assert f"/enterprise/rights/repair/{record}" in page
    assert '<a href="#item-administrative_penalty">行政处罚信息</a>' in page
    assert 'id="item-administrative_penalty"' in page


def test_who_asks_for_a_repair_reads_of_which_record_and_the_days_of_each_class(client, scene):
    page = client.get(f"/enterprise/rights/repair/{scene.fined()}").content.decode()
    page = page.replace("<time>", "").replace("</time>", "")
    for words in (
        "<strong>行政处罚信息</strong>",
        "<dd>2026-02-01</dd>",
        "轻微失信：随时可以修复，不修复的，最迟2026-05-01停止公示",
        "一般失信：2026-05-01起可以修复，不修复的，最迟2027-02-01停止公示",
        "严重失信：2027-02-01起可以修复，不修复的，最迟2029-02-01停止公示",
        "签名（单位盖章）后拍照",
    ):
        assert words in page


def test_nobody_fills_in_a_form_for_the_repair_of_what_is_not_theirs(client, scene):
    record = scene.fined()
    doors.as_person(client, stage.firm("云州白鹭餐饮有限公司").owner)
    answer = client.get(f"/enterprise/rights/repair/{record}")
    assert answer.status_code in (404, 422)
    assert "履行义务的证明" not in answer.content.decode()
