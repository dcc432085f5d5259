"""What institutions owe, what was pushed and told to them, and held batches: lists like the others."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.consent import grants
from rongxin.consent.deletion import duties
from rongxin.delivery.push import subscriptions
from rongxin.delivery.push.models import PushRun
from rongxin.delivery.push.rules import Status, Terms, Unmade, why
from rongxin.delivery.webhooks import endpoints
from rongxin.delivery.webhooks.models import Message
from rongxin.entrypoints.portals import lists
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Status as BatchStatus
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.entrypoints.portals.test_lists import EXPORT, cells, enter, read

pytestmark = pytest.mark.django_db(transaction=True)
BANK = Actor(ActorKind.ACCOUNT, "7", "institution:bank_a")
PENALTY, BUREAU = "administrative_penalty", "market_regulation_bureau"


@pytest.fixture(autouse=True)
def ground():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    stage.bank("bank_a")
    stage.bank("bank_b")


def owes(bank, name, reference):
    firm = stage.firm(name)
    consent = stage.consent(firm, stage.case(firm, bank, reference)).id
    grants.withdraw(consent, actor=firm.owner.actor, as_of=stage.NOW)
    assert duties.owe(consent, as_of=stage.NOW)
    return consent


def clerk(bank="bank_a"):
    return enter(PartyKind.INSTITUTION, bank)[0]


def shown(client, at):
    answer = client.get(at)
    assert answer.status_code == 200, answer.content.decode()
    return cells(answer.content.decode())


def test_what_is_owed_is_searched_answered_on_its_own_page_and_gone_from_the_list():
    whale = owes("bank_a", "云州蓝鲸物流有限公司", "DK-1")
    owes("bank_a", "云州白鹿茶业有限公司", "DK-2")
    client = clerk()
    assert {row[1] for row in shown(client, "/institution/duties")} == {"DK-1", "DK-2"}
    ((firm, number, due, state),) = shown(client, "/institution/duties?find=蓝鲸")
    assert (firm, number, state) == ("云州蓝鲸物流有限公司", "DK-1", "应交删除回执")
    assert due.endswith("已逾期")
    at = f"/institution/duties/{whale}"
    assert "纳税信息" in client.get(at).content.decode()
    assert client.post(at, {"statement": "deleted", "deleted_on": "?"}).status_code == 422
    day = timezone.localdate().isoformat()
    assert client.post(at, {"statement": "deleted", "deleted_on": day}).status_code == 302
    assert [row[1] for row in shown(client, "/institution/duties")] == ["DK-2"]
    assert len(shown(client, "/institution/duties?all=1")) == 2
    assert f"<time>{day}</time>已删除" in client.get(at).content.decode()


def test_nobody_sees_or_answers_what_another_bank_owes():
    theirs = owes("bank_b", "云州蓝鲸物流有限公司", "1")
    client = clerk()
    assert shown(client, "/institution/duties?all=1") == []
    assert client.get(f"/institution/duties/{theirs}").status_code == 404
    assert client.post(f"/institution/duties/{theirs}", {"statement": "deleted"}).status_code == 404
    assert client.get(f"/institution/duties/{uuid4()}").status_code == 404


def test_the_file_of_what_is_owed_says_what_the_page_shows():
    owes("bank_a", "云州蓝鲸物流有限公司", "1")
    client = clerk()
    _head, names, rows = read(client.post("/institution/duties", EXPORT))
    assert names[:-1] == ["企业", "业务编号", "应交回", "状态"]
    assert [row[:-1] for row in rows] == shown(client, "/institution/duties")


def pushed(bank="bank_a"):
    actor = Actor(ActorKind.ACCOUNT, "7", f"institution:{bank}")
    terms = Terms(items=(PENALTY,), reference="TS-1", basis="接入协议第3条")
    made = subscriptions.subscribe(bank, terms, actor=actor, as_of=stage.NOW)
    for number, state in enumerate(("acknowledged", "ready", "refused")):
        at = stage.NOW + timedelta(hours=number)
        PushRun.objects.create(
            subscription_id=made.id, version=1, state=state, intended_at=at, rows=number, intent_entry=uuid4()
        )


@pytest.mark.parametrize("reason", ["institution_suspended", *Unmade])
def test_why_a_push_was_refused_is_said_in_words(reason):
    pushed()
    PushRun.objects.filter(state="refused").update(reason=reason)
    client, words = clerk(), why(reason)
    assert words in shown(client, "/institution/pushes?state=refused")[0][4]
    run = PushRun.objects.get(state="refused")
    page = client.get(f"/institution/pushes/runs/{run.id}").content.decode()
    assert f"<dd>{words}</dd>" in page
    assert words != reason
    assert reason not in page


def test_every_standing_that_stops_a_push_has_words():
    stopping = {f"subscription_{one}" for one in Status if one is not Status.ACTIVE}
    assert stopping <= set(Unmade)


def test_pushes_are_narrowed_by_state_put_in_order_and_taken_away():
    pushed()
    client = clerk()
    assert [row[2] for row in shown(client, "/institution/pushes")] == ["2", "1", "0"]
    assert [row[2] for row in shown(client, "/institution/pushes?sort=oldest")] == ["0", "1", "2"]
    assert [row[4] for row in shown(client, "/institution/pushes?state=ready")] == ["可下载"]
    _head, _names, rows = read(client.post("/institution/pushes?state=ready", EXPORT))
    assert [row[2] for row in rows] == ["1"]
    assert shown(clerk("bank_b"), "/institution/pushes") == []


def told(count):
    events = list(endpoints.rules.types_for("institution"))[:2]
    made = endpoints.register("https://bank.example/hook", events, actor=BANK, as_of=stage.NOW).card
    given = {"webhook_id": made.id, "type": events[0], "body": "{}", "created_at": stage.NOW}
    Message.objects.filter(webhook=made.id).delete()  # the challenge
    for number in range(count):
        ends = {"state": "dead", "ended_at": stage.NOW} if number % 2 else {"next_at": stage.NOW}
        Message.objects.create(id=uuid4(), failures=number, **given, **ends)
    return f"/institution/webhooks/{made.id}"


def test_what_was_told_is_narrowed_by_state_and_read_in_parts(monkeypatch):
    at = told(6)
    client = clerk()
    assert [row[3] for row in shown(client, f"{at}?state=dead")] == ["5", "3", "1"]
    monkeypatch.setattr(lists, "_AT_ONCE", 4)
    assert [row[3] for row in shown(client, at)] == ["5", "4", "3", "2"]
    place = client.get(at).context["list"]["onward"]
    assert [row[3] for row in shown(client, f"{at}?{place}")] == ["1", "0"]
    _head, _names, rows = read(client.post(f"{at}?state=dead", EXPORT))
    assert len(rows) == 3
    assert clerk("bank_b").post(at, EXPORT).status_code == 404


def held(name, item=PENALTY, day=0):
    finding = {"rule": "volume", "message": f"{name}的行数异常"}
    return Batch.objects.create(
        id=uuid4(), item=item, provider_id=BUREAU, sha256=uuid4().hex * 2, file_name=name, size_bytes=1,
        status=BatchStatus.HELD, received_at=stage.NOW + timedelta(days=day),
        actor_kind="account", actor_id="1",
        held_for=[finding, finding], profile={"read": 7}, journal_entry=uuid4(),
    )  # fmt: skip


def test_held_batches_are_searched_by_item_or_file_and_decided_on_their_own_page():
    late, early = held("处罚-2.csv", day=2), held("处罚-1.csv")
    other = held("荣誉.csv", "honours", day=1)
    client, _ = enter(role=Role.CHECKER)
    assert [row[2] for row in shown(client, "/operator/held")] == ["处罚-1.csv", "荣誉.csv", "处罚-2.csv"]
    named = loader.load().label("honours")
    assert [row[2] for row in shown(client, f"/operator/held?find={named}")] == ["荣誉.csv"]
    assert [row[2] for row in shown(client, "/operator/held?find=处罚&sort=newest")] == [
        "处罚-2.csv",
        "处罚-1.csv",
    ]
    at = f"/operator/held/{other.id}"
    page = client.get(at).content.decode()
    assert page.count("荣誉.csv的行数异常") == 2
    assert client.post(f"{at}/refuse", {"reason": " "}).status_code == 422
    assert client.post(f"{at}/refuse", {"reason": "与清单不符"}).status_code == 302
    assert [row[2] for row in shown(client, "/operator/held")] == ["处罚-1.csv", "处罚-2.csv"]
    assert "只有待复核的批次" in client.get(at).content.decode()
    assert client.get(f"/operator/held/{uuid4()}").status_code == 404
    assert {early.status, late.status} == {BatchStatus.HELD}


def test_the_auditor_reads_a_held_batch_and_is_offered_nothing():
    batch = held("处罚.csv")
    client, _ = enter(role=Role.AUDIT_ADMINISTRATOR)
    page = client.get(f"/operator/held/{batch.id}").content.decode()
    assert "处罚.csv的行数异常" in page
    assert "<form" not in page.partition("<main")[2]
