"""An institution's administrator, its use, its pushes and webhooks through the pages."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.delivery.push import subscriptions
from rongxin.delivery.webhooks import endpoints
from rongxin.entrypoints.portals import menus
from rongxin.governance.onboarding import invitations
from rongxin.parties import accounts, institutions, memberships, quotas, seed
from rongxin.parties.quotas import Asker
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.quota import Scope
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)


def enter(role=Role.ADMINISTRATOR, bank="bank_a"):
    client, someone = Client(), stage.staff(PartyKind.INSTITUTION, bank, role)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    return client, someone


@pytest.fixture(autouse=True)
def ground():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    stage.bank("bank_a")
    stage.bank("bank_b")


def test_an_administrator_begins_at_the_team_and_asks_nothing():
    client, someone = enter()
    (role,) = memberships.of_account(someone.account, on=timezone.localdate())
    assert menus.home(role) == "institution_team"
    for page in ("/institution", "/institution/public", "/institution/pushes"):
        assert client.get(page).status_code == 403, page


def test_a_clerk_manages_nobody():
    client, _ = enter(Role.CLERK)
    assert client.get("/institution/team").status_code == 403
    assert client.post("/institution/team/invite", {"name": "王小云"}).status_code == 403


def test_a_colleague_is_invited_with_the_secret_once_and_taken_back():
    client, _ = enter()
    shown = client.post("/institution/team/invite", {"name": "王小云", "role": "checker"}).content.decode()
    (card,) = invitations.of_institution("bank_a")
    assert (card.name, card.role) == ("王小云", Role.CHECKER)
    assert re.search(r"<pre>[\w-]{30,}</pre>", shown)
    assert "<pre>" not in client.get("/institution/team").content.decode()
    assert client.post(f"/institution/team/invitations/{card.id}").status_code == 302
    assert invitations.of_institution("bank_a")[0].revoked_at is not None


def test_the_team_is_searched_by_name_account_and_role():
    client, _ = enter()
    _, clerk = enter(Role.CLERK)
    client.post("/institution/team/invite", {"name": "王小云", "role": "checker"})
    account = accounts.get(clerk.account)

    def there(query, what):
        return what in client.get(f"/institution/team?{query}").content.decode()

    end = f"/institution/team/{memberships.of_account(clerk.account, on=timezone.localdate())[0].id}/end"
    for query in (f"find={account.display_name}", f"find={account.username}", "role=clerk"):
        assert there(query, end), query
    assert not there("role=checker", end)
    assert there("find=无此人", "没有符合条件的")
    sought = ("find=小云", "role=checker", "role=clerk")
    assert [there(query, "王小云") for query in sought] == [True, True, False]


def test_a_number_for_a_name_is_refused_and_stays_typed():
    client, _ = enter()
    answer = client.post("/institution/team/invite", {"name": "13912345678"})
    assert answer.status_code == 422
    assert 'value="13912345678"' in answer.content.decode()


def test_who_is_ended_is_out_with_the_next_page_and_nobody_ends_another_banks():
    client, _ = enter()
    clerk, someone = enter(Role.CLERK)
    foreign, other = enter(Role.CLERK, "bank_b")
    (role,) = memberships.of_account(someone.account, on=timezone.localdate())
    (theirs,) = memberships.of_account(other.account, on=timezone.localdate())
    assert client.post(f"/institution/team/{theirs.id}/end").status_code == 422
    assert foreign.get("/institution").status_code == 200
    assert client.post(f"/institution/team/{role.id}/end").status_code == 302
    assert clerk.get("/institution").status_code == 302


def test_a_machines_key_is_shown_once():
    client, _ = enter()
    assert client.post("/institution/team/machine", {"username": "1x", "label": "核心"}).status_code == 422
    made = client.post("/institution/team/machine", {"username": "core-1", "label": "核心系统"})
    assert re.search(r"<pre>\S{20,}</pre>", made.content.decode())
    assert "core-1" in client.get("/institution/team").content.decode()


def test_what_is_used_stands_beside_its_own_limit_and_what_is_nearly_used_up_is_first():
    quotas.set_limit("bank_a", Scope.BRANCH, 3, key="城西支行", actor=SYSTEM, as_of=timezone.now())
    firm = stage.firm()
    for _ in range(2):
        quotas.take(Asker("bank_a", "城西支行", "云小谷"), firm.id, as_of=timezone.now())
    counts = {(one.scope, one.whose): one for one in quotas.standing("bank_a", as_of=timezone.now())}
    branch = counts[Scope.BRANCH, "城西支行"]
    assert (branch.used, branch.allowed, branch.left) == (2, 3, 1)
    whole = counts[Scope.INSTITUTION, ""]
    assert (whole.used, whole.allowed) == (2, institutions.get("bank_a").daily_quota)
    client, _someone = enter()
    page = client.get("/institution/quota").content.decode()
    assert page.index("城西支行") < page.index("本机构全部查询")


def test_a_clerk_without_files_left_looks_on_and_takes_none_away():
    client, _ = enter(Role.CLERK)
    firm, now = stage.firm(), timezone.now()
    quotas.set_limit("bank_a", Scope.EXPORTS, 0, actor=SYSTEM, as_of=now)
    asked = {"uscc": firm.uscc, "reference": "DK-1"}
    for form in ("pdf", "json"):
        assert client.post("/institution/public", {**asked, "form": form}).status_code == 403
    assert client.post("/institution/public", asked).status_code == 200


def test_a_code_that_nobody_has_is_counted_and_said_to_be_unknown():
    client, _ = enter(Role.CLERK)
    answer = client.post("/institution/public", {"uscc": stage.code(), "reference": "DK-1"})
    assert answer.status_code == 422
    assert "未找到" in answer.content.decode()
    assert quotas.used("bank_a", timezone.localdate())[Scope.UNKNOWN_SUBJECTS, ""] == 1
    quotas.set_limit("bank_a", Scope.UNKNOWN_SUBJECTS, 0, actor=SYSTEM, as_of=timezone.now())
    known = stage.firm()
    refused = client.post("/institution/public", {"uscc": stage.code(), "reference": "DK-1"})
    assert refused.status_code == 403
    assert client.post("/institution/public", {"uscc": known.uscc, "reference": "DK-1"}).status_code == 200


def test_the_log_is_filtered_by_person_outcome_and_day():
    client, _ = enter(Role.CLERK)
    firm = stage.firm()
    client.post("/institution/public", {"uscc": firm.uscc, "reference": "CX-1", "form": "json"})
    today = timezone.localdate()
    for query, found in (
        ("", True), ("outcome=released", True), ("outcome=refused", False), ("person=员工", True),
        ("person=别人", False), ("purpose=pre_loan_review", False), (f"from={today}&to={today}", True),
        ("to=2020-01-01", False),
    ):  # fmt: skip
        assert ("CX-1" in client.get(f"/institution/log?{query}").content.decode()) is found, query
    other, _someone = enter(Role.CLERK, "bank_b")
    assert "CX-1" not in other.get("/institution/log").content.decode()


def test_a_subscription_is_made_and_ended_by_its_own_institution_alone():
    client, _ = enter(Role.CLERK)
    given = {
        "items_wanted": ["administrative_penalty"],
        "kinds_wanted": ["company"],
        "sizes_wanted": ["micro"],
        "regions": "990100",
        "interval_hours": "48",
        "reference": "TS-1",
        "basis": "接入协议第三条",
    }
    for wrong in ({"items_wanted": []}, {"interval_hours": "0"}, {"kinds_wanted": ["individual_business"]}):
        answer = client.post("/institution/pushes", given | wrong)
        assert (answer.status_code, 'value="接入协议第三条"' in answer.content.decode()) == (422, True)
    assert client.post("/institution/pushes", given).status_code == 302
    (card,) = subscriptions.listed("bank_a")
    terms = card.terms
    assert (terms.items, terms.sizes, terms.regions) == (("administrative_penalty",), ("micro",), ("990100",))
    assert ([kind.value for kind in terms.kinds], terms.interval_hours) == (["company"], 48)
    other, _someone = enter(Role.CLERK, "bank_b")
    at = f"/institution/pushes/{card.id}"
    assert other.post(at, {"act": "end"}).status_code == 422
    assert client.post(at, {"act": "end"}).status_code == 302
    assert "已终止" in client.get("/institution/pushes").content.decode()


def test_a_webhook_shows_its_secret_once_and_its_deliveries():
    client, _ = enter(Role.CLERK)
    refused = client.post(
        "/institution/webhooks", {"url": "http://127.0.0.1/", "events": ["consent.granted"]}
    )
    assert refused.status_code == 422
    events = list(endpoints.rules.types_for("institution"))[:2]
    made = client.post("/institution/webhooks", {"url": "https://bank.example/hook", "events": events})
    assert made.status_code == 200, made.content.decode()
    assert "whsec_" in made.content.decode()
    (card,) = endpoints.of_party("institution:bank_a")
    at = f"/institution/webhooks/{card.id}"
    assert "whsec_" not in client.get(at).content.decode()
    assert "whsec_" in client.post(f"{at}/act", {"act": "rotate"}).content.decode()
    other, _someone = enter(Role.CLERK, "bank_b")
    assert other.get(at).status_code == 404
    assert client.post(f"{at}/act", {"act": "remove"}).status_code == 302
