"""Several signers by API: the rule, who agrees to change it, and what waits taken back by one alone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.consent.models import Consent
from rongxin.consent.signing import demands
from tests.unit.consent import stage
from tests.unit.consent.signing import scene as signing
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"


@pytest.fixture
def people(client):
    """A firm with an owner and one more who may sign; the owner's rule asks both."""
    firm, _bank = stage.firm(), stage.bank()
    other = signing.agent(firm, as_of=timezone.now())
    headers = {"owner": keys.header_of(firm.owner), "agent": keys.header_of(other)}
    made = post(
        client, "/signing-rules", {"needed": 2, "evidence": proof(firm.owner, firm)}, headers["owner"]
    )
    assert (made.status_code, made.json()["needed_now"]) == (201, 2), made.content
    return firm, other, headers


def proof(person, firm):
    return {"name": person.name, "id_number": person.id_number, "represents": firm.uscc}


def post(client, path, body, headers):
    return client.post(f"{API}{path}", body, content_type="application/json", headers=headers)


def test_who_is_not_the_legal_representative_changes_nothing(client, people):
    _firm, other, headers = people
    body = {"needed": 3, "evidence": {"name": other.name, "id_number": other.id_number}}
    refused = post(client, "/signing-rules", body, headers["agent"])
    assert (refused.status_code, refused.json()["code"]) == (403, "not_theirs")
    assert [one["needed"] for one in client.get(f"{API}/signing-rules", headers=headers["agent"]).json()] == [
        2
    ]


def test_fewer_sign_once_everybody_who_is_asked_has_agreed(client, people):
    firm, other, headers = people
    body = {"needed": 1, "evidence": proof(firm.owner, firm)}
    wish = post(client, "/signing-rules", body, headers["owner"]).json()
    assert (wish["open"], wish["effective_at"], wish["needed_now"]) == (True, None, 2)
    path = f"/signing-rules/{wish['rule']}/agreement"
    agreed = post(
        client, path, {"evidence": {"name": other.name, "id_number": other.id_number}}, headers["agent"]
    )
    assert agreed.status_code == 200, agreed.content
    assert {one["name"] for one in agreed.json()["agreed"]} == {firm.owner.name, other.name}
    assert demands.needed(firm.id, as_of=timezone.now()) == 1


def test_one_who_objects_leaves_the_rule_as_it_is(client, people):
    firm, _, headers = people
    body = {"needed": 1, "evidence": proof(firm.owner, firm)}
    wish = post(client, "/signing-rules", body, headers["owner"]).json()["rule"]
    stranger = keys.header_of(stage.firm("云州白鹭商贸有限公司").owner)
    assert client.delete(f"{API}/signing-rules/{wish}", headers=stranger).status_code == 404
    dropped = client.delete(f"{API}/signing-rules/{wish}", headers=headers["agent"]).json()
    assert (dropped["open"], dropped["needed_now"]) == (False, 2)
    again = client.delete(f"{API}/signing-rules/{wish}", headers=headers["agent"])
    assert (again.status_code, again.json()["code"]) == (409, "not_possible")


def test_what_waits_is_read_to_the_letter_and_taken_back_by_any_one(client, people):
    firm, _other, headers = people
    request = signing.asked(firm, as_of=timezone.now())
    notice = client.get(f"{API}/risk-notices/current").json()
    body = {"notice_version": notice["version"], "notice_sha256": notice["sha256"]}
    body |= {"evidence": proof(firm.owner, firm)}
    accept = f"/consent-requests/{request.id}/accept"
    signed = post(client, accept, body, headers["owner"])
    assert signed.status_code == 202, signed.content
    (one,) = client.get(f"{API}/signing-matters", headers=headers["agent"]).json()
    assert (one["matter"], one["about"]) == (signed.json()["matter"], str(request.id))
    assert [who["name"] for who in one["signed"]] == [firm.owner.name]
    shown = client.get(f"{API}/signing-matters/{one['matter']}", headers=headers["agent"]).json()
    assert shown["content"]["draft"]["items"] == ["tax_payment"]
    asked = client.get(f"{API}/consent-requests/{request.id}", headers=headers["agent"]).json()
    assert asked["signing"]["matter"] == one["matter"]
    gone = client.delete(f"{API}/signing-matters/{one['matter']}", headers=headers["agent"])
    assert (gone.status_code, gone.json()["state"]) == (200, "taken_back")
    assert client.get(f"{API}/signing-matters", headers=headers["owner"]).json() == []
    assert (
        client.delete(f"{API}/signing-matters/{one['matter']}", headers=headers["owner"]).status_code == 409
    )
    assert not Consent.objects.filter(subject=firm.id).exists()


def test_another_firm_reads_and_takes_back_nothing(client, people):
    firm, _, headers = people
    request = signing.asked(firm, as_of=timezone.now())
    matter = signing.sign(request, firm.owner, as_of=timezone.now())
    stranger = keys.header_of(stage.firm("云州白鹭商贸有限公司").owner)
    path = f"{API}/signing-matters/{matter.id}"
    assert client.get(f"{API}/signing-matters", headers=stranger).json() == []
    assert client.get(path, headers=stranger).status_code == 404
    assert client.delete(path, headers=stranger).status_code == 404
    assert client.get(path, headers=headers["owner"]).json()["state"] == "awaiting"


def test_a_request_says_by_which_number_a_provider_knows_its_customers(client, people):
    firm, _, headers = people
    request = signing.asked(firm, "electricity_fee", "tax_payment", as_of=timezone.now())
    shown = client.get(f"{API}/consent-requests/{request.id}", headers=headers["owner"]).json()
    asks = {one["item"]: one["asks"] for one in shown["items"]}
    assert asks["tax_payment"] is None
    assert asks["electricity_fee"]
