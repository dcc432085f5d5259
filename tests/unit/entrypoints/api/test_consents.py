"""Case, request, risk notice, consent, withdrawal: the whole way over HTTP, each by whose it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.consent import rules
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.consent.signing import scene as signing
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"


@pytest.fixture
def scene():
    firm, bank = stage.firm(), stage.bank()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    return firm, keys.header_of(firm.owner), keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))


def _post(client, path, body, headers):
    return client.post(f"{API}{path}", body, content_type="application/json", headers=headers)


def _asked(client, firm, bank):
    case = _post(client, "/cases", {"uscc": firm.uscc, "reference": "DK-1"}, bank).json()["case"]
    request = _post(client, "/consent-requests", {"case": case, "items": ["tax_payment"]}, bank)
    assert request.status_code == 201
    return case, request.json()["request"]


@pytest.mark.parametrize("where", ["request", "details", "frequency"])
def test_a_wish_that_is_not_known_is_refused_and_not_dropped(client, scene, where):
    """RFC 9396 §5: dropped in silence, `valid_till` would leave a consent wider than it was wished."""
    firm, _, bank = scene
    case = _post(client, "/cases", {"uscc": firm.uscc, "reference": "DK-1"}, bank).json()["case"]
    frequency = {"limit": 1, "unit": "term"}
    details = {"type": rules.DETAILS_TYPE, "identifier": case, "datatypes": ["tax_payment"]}
    bodies = {
        "request": {"case": case, "items": ["tax_payment"], "valid_until": "2027-01-01"},
        "details": {"authorization_details": [details | {"valid_till": "2027-01-01"}]},
        "frequency": {"authorization_details": [details | {"frequency": frequency | {"per": "day"}}]},
    }
    refused = _post(client, "/consent-requests", bodies[where], bank)
    unknown = {"request": "valid_until", "details": "valid_till", "frequency": "per"}[where]
    assert (refused.status_code, unknown in refused.content.decode()) == (422, True)


def _acceptance(client, firm, **changes):
    notice = client.get(f"{API}/risk-notices/current").json()
    evidence = {"name": firm.owner.name, "id_number": firm.owner.id_number, "represents": firm.uscc}
    body = {"notice_version": notice["version"], "notice_sha256": notice["sha256"], "evidence": evidence}
    return body | changes


def test_the_firm_reads_consents_and_takes_back(client, scene):
    firm, owner, bank = scene
    _, request = _asked(client, firm, bank)
    waiting = client.get(f"{API}/consent-requests", headers=owner).json()
    assert [one["request"] for one in waiting] == [request]
    assert (waiting[0]["status"], waiting[0]["status_label"]) == ("open", "待答复")
    assert waiting[0]["items"][0]["label"] == "纳税信息"
    given = _post(client, f"/consent-requests/{request}/accept", _acceptance(client, firm), owner)
    assert given.status_code == 201
    consent = given.json()["consent"]
    assert client.get(f"{API}/consents/{consent}", headers=bank).json()["status"] == "active"
    taken_back = _post(client, f"/consents/{consent}/withdraw", {}, owner)
    assert taken_back.json()["status"] == "withdrawn"


def test_it_refuses_consent_to_an_outdated_notice(client, scene):
    firm, owner, bank = scene
    _, request = _asked(client, firm, bank)
    stale = _acceptance(client, firm, notice_sha256="0" * 64)
    answer = _post(client, f"/consent-requests/{request}/accept", stale, owner)
    assert (answer.status_code, answer.json()["code"]) == (409, "notice_outdated")
    assert "摘要不符" in answer.json()["title"], "the version is the current one: only the text differs"


def test_it_refuses_a_signer_who_is_not_the_one_in_the_register(client, scene):
    firm, owner, bank = scene
    _, request = _asked(client, firm, bank)
    evidence = {"name": "李四", "id_number": "110101199003071233"}
    answer = _post(
        client, f"/consent-requests/{request}/accept", _acceptance(client, firm, evidence=evidence), owner
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "signer_refused")


def test_a_bank_cannot_consent_for_the_firm(client, scene):
    firm, _, bank = scene
    _, request = _asked(client, firm, bank)
    answer = _post(client, f"/consent-requests/{request}/accept", _acceptance(client, firm), bank)
    assert answer.status_code == 403


def test_one_firm_does_not_see_or_answer_anothers_request(client, scene):
    firm, _, bank = scene
    _, request = _asked(client, firm, bank)
    stranger = stage.firm("云州白鹭食品有限公司")
    headers = keys.header_of(stranger.owner)
    assert client.get(f"{API}/consent-requests", headers=headers).json() == []
    answer = _post(client, f"/consent-requests/{request}/accept", _acceptance(client, stranger), headers)
    assert answer.status_code == 404


def test_anothers_case_looks_like_none_at_all(client, scene):
    firm, _, bank = scene
    case, _ = _asked(client, firm, bank)
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(stage.bank("bank_b"), until=until, actor=SYSTEM, as_of=timezone.now())
    stranger = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_b"))
    told = []
    for number in (case, "00000000-0000-4000-8000-000000000000"):
        closed = _post(client, f"/cases/{number}/close", {}, stranger)
        asked = _post(client, "/consent-requests", {"case": number, "items": ["tax_payment"]}, stranger)
        told += [(answer.status_code, answer.json()["code"]) for answer in (closed, asked)]
    assert told == [(404, "unknown_case")] * 4


def test_a_suspended_bank_is_told_so(client, scene):
    firm, _, bank = scene
    institutions.suspend("bank_a", actor=SYSTEM, as_of=timezone.now())
    answer = _post(client, "/cases", {"uscc": firm.uscc, "reference": "DK-2"}, bank)
    assert (answer.status_code, answer.json()["code"]) == (403, "institution_not_served")


def _details(case, **narrower):
    return {"type": "urn:rongxin:consent:1", "identifier": case, "datatypes": ["tax_payment"], **narrower}


def _wish(client, headers, details):
    return _post(client, "/consent-requests", {"authorization_details": [details]}, headers)


def test_it_asks_by_authorization_details_no_wider_than_it_needs(client, scene):
    firm, owner, bank = scene
    case, _ = _asked(client, firm, bank)
    until = (timezone.localdate() + timedelta(days=5)).isoformat()
    asked = _wish(client, bank, _details(case, valid_until=until, retention_days=3))
    assert asked.status_code == 201, asked.content
    (said,) = asked.json()["authorization_details"]
    assert (said["valid_until"], said["retention_days"], said["identifier"]) == (until, 3, case)
    accept = f"/consent-requests/{asked.json()['request']}/accept"
    (given,) = _post(client, accept, _acceptance(client, firm), owner).json()["authorization_details"]
    assert {name: given[name] for name in ("type", "datatypes", "valid_until", "retention_days")} == {
        name: said[name] for name in ("type", "datatypes", "valid_until", "retention_days")
    }
    shown = client.get(f"{API}/consent-requests/{asked.json()['request']}", headers=bank).json()
    assert shown["consent"] == client.get(f"{API}/consents", headers=bank).json()[0]["consent"]


@pytest.mark.parametrize(
    ("narrower", "status"),
    [
        ({"retention_days": 3650}, 400),
        ({"valid_until": "2199-01-01"}, 400),
        ({"valid_until": "2001-01-01"}, 400),
        ({"data_period": "2026"}, 422),
        ({"data_period": "2026-02-01/2026-01-01"}, 422),
        ({"type": "account_information"}, 422),
        ({"datatypes": ["no_such_item"]}, 404),
        ({"identifier": "00000000-0000-4000-8000-000000000000"}, 404),
    ],
)
def test_details_that_are_too_wide_or_unknown_are_refused(client, scene, narrower, status):
    firm, _, bank = scene
    case, _ = _asked(client, firm, bank)
    assert _wish(client, bank, _details(case) | narrower).status_code == status


def test_the_institution_gives_up_its_own_consent_and_no_other(client, scene):
    firm, owner, bank = scene
    _, request = _asked(client, firm, bank)
    accept = f"/consent-requests/{request}/accept"
    consent = _post(client, accept, _acceptance(client, firm), owner).json()["consent"]
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(stage.bank("bank_b"), until=until, actor=SYSTEM, as_of=timezone.now())
    stranger = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_b"))
    assert _post(client, f"/consents/{consent}/give-up", {}, stranger).status_code == 404
    assert _post(client, f"/consents/{consent}/give-up", {}, owner).status_code == 403
    given_up = _post(client, f"/consents/{consent}/give-up", {}, bank)
    assert (given_up.status_code, given_up.json()["status"]) == (200, "withdrawn")
    again = _post(client, f"/consents/{consent}/give-up", {}, bank)
    assert (again.status_code, again.json()["code"]) == (409, "not_possible")
    assert _post(client, f"/consents/{consent}/resume", {}, owner).status_code == 409
    told = client.get(f"{API}/notifications", headers=owner).json()
    assert told[0]["kind"] == "consent_give_up"


def test_by_the_api_too_a_consent_takes_all_signatures_that_the_firm_demands(client, scene):
    firm, owner, bank = scene
    someone = signing.agent(firm, as_of=timezone.now())
    signing.demand(firm, 2, as_of=timezone.now())
    _, request = _asked(client, firm, bank)
    at, path = f"{API}/consent-requests/{request}", f"/consent-requests/{request}/accept"
    first = _post(client, path, _acceptance(client, firm), owner)
    assert (first.status_code, first.json()["signed"], first.json()["needed"]) == (202, 1, 2)
    theirs = client.get(at, headers=bank)
    assert (theirs.json()["status"], theirs.json()["status_label"]) == ("awaiting", "待其他人签署")
    assert theirs.json()["signing"] is None
    assert firm.owner.name not in theirs.content.decode()
    header = keys.header_of(someone)
    evidence = {"name": someone.name, "id_number": someone.id_number}
    unseen = _post(client, path, _acceptance(client, firm, evidence=evidence), header)
    assert unseen.json()["code"] == "not_possible"
    shown = client.get(at, headers=header).json()["signing"]["preview_sha256"]
    done = _post(client, path, _acceptance(client, firm, evidence=evidence, preview_sha256=shown), header)
    assert done.status_code == 201, done.content
    assert len(done.json()["authorization_details"][0]["signers"]) == 2
