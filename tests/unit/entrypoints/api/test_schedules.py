"""报送计划 over HTTP: the operator sets it, a provider sees its own and the reminders it was given."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import providers, seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.sharing.aggregation import batches
from rongxin.sharing.schedule import lateness, plans
from rongxin.sharing.schedule.rules import Every
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.sharing.conftest import code

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/schedules"
ITEM = "customs_registration"
PLAN = {"every": "month", "day": 10, "grace_working_days": 2}


@pytest.fixture
def customs():
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    return keys.header_of(stage.staff(PartyKind.PROVIDER, "customs"))


@pytest.fixture
def operator(customs):
    return keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SYSTEM_ADMINISTRATOR))


def _put(client, headers, body=PLAN, provider="customs"):
    told = {"content_type": "application/json", "headers": headers}
    return client.put(f"{URL}/{provider}/{ITEM}", body, **told)


def test_the_operator_sets_a_plan_and_the_provider_sees_it(client, customs, operator):
    assert _put(client, operator).json()["label"] == "每月10日（宽限2个工作日）"
    (plan,) = client.get(URL, headers=customs).json()
    assert (plan["item"], plan["day"], plan["version"]) == (ITEM, 10, 1)
    assert client.get(URL, headers=operator).json() == [plan]


def test_a_provider_is_reminded_and_nobody_else_sees_it(client, customs, operator):
    long_ago = timezone.now() - timedelta(days=14)
    given = {"item": ITEM, "provider": "customs", "every": Every.DAY, "day": None}
    plans.set_plan(**given, grace_working_days=0, actor=SYSTEM, as_of=long_ago)
    assert lateness.remind(as_of=timezone.now()) > 0
    mine = client.get(f"{URL}/reminders", headers=customs).json()
    assert mine[0]["text"].endswith("至今未收到；请尽快报送。")
    assert client.get(f"{URL}/reminders?provider=customs", headers=operator).json() == mine
    assert client.get(f"{URL}/reminders?only_open=true", headers=customs).json() == mine
    assert client.get(f"{URL}/reminders?month=2020-01", headers=customs).json() == []
    assert client.get(f"{URL}/reminders?month=13", headers=customs).json()["code"] == "bad_month"
    tax = keys.header_of(stage.staff(PartyKind.PROVIDER, "tax_bureau"))
    assert client.get(f"{URL}/reminders", headers=tax).json() == []
    for path in (f"{URL}/reminders?provider=customs", f"{URL}?provider=customs"):
        assert client.get(path, headers=tax).json()["code"] == "not_permitted"
    month = timezone.now().strftime("%Y-%m")
    key = operator["authorization"].removeprefix("Bearer ")
    basic = {"authorization": "Basic " + base64.b64encode(f"operator:{key}".encode()).decode()}
    page = client.get(f"/operator/quality?month={month}&provider=customs", headers=basic).content.decode()
    assert "每个工作日：应报" in page
    report = client.get(f"/api/v1/quality/report.pdf?month={month}", headers=customs)
    assert report["Content-Type"] == "application/pdf"


def test_only_the_operator_sets_and_a_wrong_plan_is_said_in_chinese(client, customs, operator):
    assert _put(client, customs).status_code == 403
    answer = _put(client, operator, {"every": "week", "day": 9})
    assert (answer.status_code, answer.json()["code"]) == (422, "schedule_invalid")
    assert "1 至 7" in answer.json()["title"]
    assert _put(client, operator, provider="tax_bureau").json()["code"] == "no_mandate"
    assert client.get(f"{URL}?provider=nobody", headers=operator).status_code == 404
    assert client.get(URL).status_code == 401


def test_nobody_is_scheduled_for_what_is_shared_nationally(client, customs, operator, tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    now = timezone.now()
    providers.admit("city_port", name="口岸办", department="", items=[ITEM], actor=SYSTEM, as_of=now)
    assert _put(client, operator, provider="city_port").json()["shared_already_by"] == []
    path = tmp_path / "registrations.csv"
    head = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志"
    path.write_text(f"{head}\n云州公司,{code(1)},1101960001,进出口货物收发货人,正常\n", "utf-8")
    batch = batches.submit(path, item=ITEM, provider="customs", actor=SYSTEM, as_of=now).batch
    answer = _put(client, operator, provider="city_port")
    assert (answer.status_code, answer.json()["code"]) == (422, "already_shared")
    assert str(batch) in answer.content.decode()
    path = f"/api/v1/catalogue/{ITEM}/sources"
    first, second = client.get(path, headers=customs).json()
    assert (first["provider"], first["level"], first["last_batch"]) == ("customs", "national", str(batch))
    assert (second["provider"], second["place"], second["last_batch"]) == ("city_port", 2, None)
    assert client.get(path).status_code == 401
