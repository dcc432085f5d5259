"""报送计划 by pages: the operator sets when a provider's batches are due; the provider sees what is late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.sharing.schedule import lateness, plans
from rongxin.sharing.schedule.rules import Every
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.entrypoints.portals.test_lists import cells, enter

pytestmark = pytest.mark.django_db(transaction=True)
ITEM, AT = "customs_registration", "/operator/schedules/customs/customs_registration"


@pytest.fixture(autouse=True)
def ground():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())


def staff(role=Role.CLERK):
    return enter(PartyKind.OPERATOR, None, role)[0]


def late():
    long_ago = timezone.now() - timedelta(days=14)
    given = {"item": ITEM, "provider": "customs", "every": Every.DAY, "day": None}
    plans.set_plan(**given, grace_working_days=0, actor=SYSTEM, as_of=long_ago)
    assert lateness.remind(as_of=timezone.now())


def shown(client, query=""):
    return cells(client.get(f"/operator/schedules?{query}").content.decode())


def test_the_desk_sets_a_plan_and_it_stands_in_the_list():
    client = staff()
    assert shown(client) == []
    assert [row[2] for row in shown(client, "all=1&provider=customs")][:1] == ["没有计划"]
    wrong = client.post(AT, {"every": "month", "day": "32", "grace": "2"})
    assert (wrong.status_code, "1 至 31" in wrong.content.decode()) == (422, True)
    assert client.post(AT, {"every": "month", "day": "10", "grace": "2"}).status_code == 302
    ((item, provider, plan, last, due),) = shown(client, "find=海关")
    assert (item, provider) == (loader.load().label(ITEM), loader.load().provider_label("customs"))
    assert (plan, last, due[-2:]) == ("每月10日（宽限2个工作日）", "还没有到期的报送", "10")
    assert shown(client, "find=税务") == []


def test_a_day_typed_before_another_choice_is_in_nobodys_way():
    assert staff().post(AT, {"every": "day", "day": "3", "grace": "0"}).status_code == 302
    (plan,) = lateness.shown(provider="customs", as_of=timezone.now())
    assert (plan["every"], plan["day"]) == ("day", None)


def test_the_auditor_reads_and_sets_nothing():
    client = staff(Role.AUDIT_ADMINISTRATOR)
    assert 'name="every"' not in client.get(AT).content.decode()
    assert client.post(AT, {"every": "never", "grace": "0"}).status_code == 422
    assert lateness.shown(as_of=timezone.now()) == []


def test_what_is_overdue_is_found_and_its_provider_sees_it_first():
    late()
    client = staff()
    ((_item, _provider, plan, last, _due),) = shown(client, "late=1")
    assert (plan, last.split()[0]) == ("每个工作日", "逾期未报")
    assert "至今未收到" in client.get(AT).content.decode()
    page = enter(PartyKind.PROVIDER, "customs")[0].get("/provider").content.decode()
    assert page.index("逾期未报") < page.index("报送文件")
    assert "逾期未报" not in enter(PartyKind.PROVIDER, "tax_bureau")[0].get("/provider").content.decode()


def test_a_plan_reads_in_english_and_an_unknown_pair_is_none():
    late()
    client = staff()
    client.cookies["django_language"] = "en"
    assert "every working day" in client.get("/operator/schedules").content.decode()
    assert client.get("/operator/schedules/customs/tax_payment").status_code == 404
