"""实名注册 over HTTP: one person, one account, a key for each firm the person stands for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.consent import cases, grants
from rongxin.consent.rules import CaseKind
from rongxin.journal import entries
from rongxin.parties import accounts, identity, institutions, subjects
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
WANG = {"name": "王小云", "id_number": "110101199003071233"}
NAMESAKE = {"name": "王小云", "id_number": "110101199001011237"}


def _firm(name="云州青竹茶业有限公司"):
    registration = subjects.Registration(
        uscc=stage.code(),
        name=name,
        region="990101",
        legal_representative=WANG["name"],
        legal_representative_commitment=identity.commit(WANG["id_number"]),
    )
    return subjects.register(registration, actor=SYSTEM, as_of=stage.NOW)


def _register(client, firm, username="qingzhu", evidence=WANG):
    body = {"uscc": firm.uscc, "username": username, "evidence": evidence}
    return client.post(f"{API}/registrations", body, content_type="application/json")


def _get(client, path, registered):
    return client.get(f"{API}{path}", headers={"authorization": f"Bearer {registered['key']}"})


def test_a_firm_registers_by_its_representatives_identity(client):
    firm = _firm()
    refused = _register(client, firm, evidence=NAMESAKE)
    assert (refused.status_code, refused.json()["code"]) == (403, "identity_disagrees")
    answer = _register(client, firm)
    assert answer.status_code == 201
    assert _get(client, "/uses", answer.json()).json() == []


def test_a_person_of_two_firms_has_one_account_and_a_key_for_each(client):
    firms = [_firm(), _firm("云州白鹭食品有限公司")]
    given = [_register(client, firm, f"user{number}").json() for number, firm in enumerate(firms)]
    assert given[0]["account"] == given[1]["account"]
    assert given[1]["username"] == "user0"
    bank, opened = stage.bank(), []
    clerk = Actor(ActorKind.API_CLIENT, "k", f"institution:{bank}")
    now = timezone.now()
    institutions.assess(bank, until=timezone.localdate(now) + timedelta(days=9), actor=SYSTEM, as_of=now)
    for number, firm in enumerate(firms):
        kind, reference = CaseKind.LOAN_APPLICATION, f"DK-{number}"
        case = cases.open_case(bank, firm.id, reference, kind, actor=SYSTEM, as_of=now).id
        grants.request(case, stage.draft(as_of=now), actor=clerk, as_of=now)
        opened.append(str(case))
    for case, registered in zip(opened, given, strict=True):
        (waiting,) = _get(client, "/consent-requests", registered).json()
        assert waiting["case"] == case


def test_a_key_is_renewed_with_a_fresh_assertion(client):
    firm = _firm()
    first, again = _register(client, firm).json(), _register(client, firm).json()
    assert first["account"] == again["account"]
    assert first["key"] != again["key"]
    for registered in (first, again):
        assert _get(client, "/uses", registered).status_code == 200


def test_a_closed_account_is_not_opened_by_registering_again(client):
    firm = _firm()
    account = _register(client, firm).json()["account"]
    accounts.deactivate(account, actor=SYSTEM, as_of=timezone.now())
    answer = _register(client, firm)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert "停用" in answer.json()["title"]


def test_a_key_ends_with_the_role_it_stands_for(client):
    firm = _firm()
    registered = _register(client, firm).json()
    subjects.change_legal_representative(firm.id, "李四", actor=SYSTEM, as_of=timezone.now())
    assert _get(client, "/uses", registered).status_code == 401


@pytest.mark.parametrize("username", ["1", "ab", "42x", "node", "王小云", "a b c", "a\nbc", "x" * 65])
def test_a_username_is_a_word_and_not_a_number(client, username):
    answer = _register(client, _firm(), username)
    assert answer.status_code == (201 if username == "node" else 422)


def test_the_journal_names_the_account_and_never_what_a_stranger_typed(client):
    account = _register(client, _firm(), "typed_by_a_stranger").json()["account"]
    actors = [entry.content["actor"] for entry in entries.find() if entry.refs.get("account") == account]
    assert {(actor["kind"], actor["id"]) for actor in actors} == {
        (ActorKind.SYSTEM.value, SYSTEM.id),
        (ActorKind.ACCOUNT.value, str(account)),
    }
