"""接入申请 over HTTP, with the rights of the web: apply, follow, assess, approve, and be served."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/applications"


def _post(client, path, headers=None, **body):
    return client.post(f"{URL}{path}", body, content_type="application/json", headers=headers or {})


def _wish(client):
    asked = client.get(f"{URL}/questionnaire").json()
    documents = dict.fromkeys(asked["documents"], "a" * 64)
    who = {"institution": "bank_n", "name": "云州某银行", "uscc": stage.code(), "kind": "bank"}
    return asked, {**who, "contact": "0990-1", "documents": documents}


def test_a_bank_applies_and_two_persons_let_it_in(client):
    asked, wish = _wish(client)
    made = _post(client, "", **wish)
    assert (made.status_code, made.json()["state"]) == (201, "submitted")
    path, secret = f"/{made.json()['application']}", {"X-Application-Secret": made.json()["secret"]}
    clerk = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.CLERK))
    officer = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR))
    findings = {one["id"]: {"verdict": "met", "evidence_sha256": "b" * 64} for one in asked["questions"]}
    due = str(timezone.localdate() + timedelta(days=30))
    body = {"findings": findings, "conditions": [{"text": "首月每日不超过 500 次查询", "due_on": due}]}
    assert _post(client, f"{path}/assess", clerk, **body).json()["percent"] == 100
    assert _post(client, f"{path}/approve", clerk).status_code == 403
    (seen,) = client.get(f"{URL}/listed", headers=officer).json()
    assert (seen["state"], bool(seen["assessed_by"])) == ("assessed", True)
    assert _post(client, f"{path}/approve", officer).json()["state"] == "approved"
    told = client.get(f"{URL}{path}", headers=secret).json()
    assert (told["state"], told["conditions"]) == ("approved", body["conditions"])
    assert "assessed_by" not in told
    assert institutions.standing("bank_n", as_of=timezone.now()).admitted


def test_what_is_no_application_is_refused_with_the_reason(client):
    _, wish = _wish(client)
    answer = _post(client, "", **wish | {"documents": {}})
    assert (answer.status_code, answer.json()["code"]) == (422, "application_refused")
    assert "营业执照" in answer.json()["title"]
    made = _post(client, "", **wish).json()
    for headers in ({}, {"X-Application-Secret": "x"}):
        found = client.get(f"{URL}/{made['application']}", headers=headers)
        assert (found.status_code, found.json()["code"]) == (404, "unknown_application")


def test_a_stranger_neither_blocks_nor_speaks_for_a_connected_bank(client):
    asked, wish = _wish(client)
    stage.bank("bank_a")
    wish |= {"institution": "bank_a", "uscc": institutions.get("bank_a").uscc}
    answer = _post(client, "", **wish)
    assert (answer.status_code, answer.json()["code"]) == (422, "application_refused")
    assert "管理员登录" in answer.json()["title"]
    path = "/api/v1/institutions/bank_a/renewals"

    def renews(role, bank="bank_a"):
        someone = keys.header_of(stage.staff(PartyKind.INSTITUTION, bank, role))
        body = {"documents": wish["documents"]}
        return client.post(path, body, content_type="application/json", headers=someone)

    stage.bank("bank_b")
    assert [renews(Role.CLERK).status_code, renews(Role.ADMINISTRATOR, "bank_b").status_code] == [403, 404]
    institutions.suspend("bank_a", actor=SYSTEM, as_of=timezone.now())
    made = renews(Role.ADMINISTRATOR)
    assert (made.status_code, made.json()["renewal"], "secret" in made.json()) == (201, True, False)
    own = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a", Role.CLERK))
    assert [one["state"] for one in client.get(path, headers=own).json()] == ["submitted"]
    assert asked["documents"].keys() == made.json()["documents"].keys()


def test_the_open_door_counts_by_the_place_from_which_they_come(client, settings):
    _, wish = _wish(client)
    assert _post(client, "", **wish).status_code == 201
    assert _post(client, "", **wish).status_code == 409
    settings.RONGXIN_PROXIES = 1
    made = _post(client, "", {"X-Forwarded-For": "10.0.0.1, 203.0.113.5"}, **wish)
    assert made.status_code == 201
    officer = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR))
    listed = client.get(f"{URL}/listed?find={wish['uscc']}", headers=officer).json()
    ids = {one["application"] for one in listed}
    assert [set(one["beside"]) for one in listed] == [ids - {one["application"]} for one in listed]
    for number in range(2):
        forged = {"X-Forwarded-For": f"{number}.0.0.1, 203.0.113.5"}
        _post(client, "", forged, **wish | {"uscc": stage.code(), "institution": f"bank_{number}"})
    over = _post(client, "", {"X-Forwarded-For": "9.0.0.1, 203.0.113.5"}, **wish | {"uscc": stage.code()})
    assert (over.status_code, over.json()["code"]) == (429, "too_many_applications")


def _hands_in(client, path, headers, content, name="执照.pdf"):
    file = SimpleUploadedFile(name, content, "application/pdf")
    return client.post(f"/api/v1{path}", {"file": file}, headers=headers)


def test_a_document_comes_in_by_the_secret_and_goes_to_those_who_assess(client):
    content, other = b"%PDF-1.7 licence", b"%PDF-1.7 another"
    digest = sha256(content).hexdigest()
    _, wish = _wish(client)
    made = _post(client, "", **wish | {"documents": wish["documents"] | {"business_licence": digest}}).json()
    path, secret = f"/applications/{made['application']}", {"X-Application-Secret": made["secret"]}
    assert _hands_in(client, f"{path}/documents", {}, content).status_code == 404
    refused = _hands_in(client, f"{path}/documents", secret, other)
    assert (refused.status_code, refused.json()["code"]) == (422, "application_refused")
    told = _hands_in(client, f"{path}/documents", secret, content).json()
    assert ([one["sha256"] for one in told["files"]], "business_licence" in told["lacking"]) == (
        [digest],
        False,
    )
    assert len(told["lacking"]) == len(wish["documents"]) - 1
    assert client.get(f"/api/v1{path}", headers=secret).json()["files"] == told["files"]
    officer = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR))
    saved = client.get(f"/api/v1{path}/documents/{digest}", headers=officer)
    assert (saved.content, saved["Content-Type"]) == (content, "application/pdf")
    assert client.get(f"/api/v1{path}/documents/{'0' * 64}", headers=officer).status_code == 404
    assert client.get(f"/api/v1{path}/documents/{digest}", headers=secret).status_code == 401


def test_an_administrator_hands_in_the_documents_of_its_own_renewal_alone(client):
    content = b"%PDF-1.7 licence"
    asked, _ = _wish(client)
    for bank in ("bank_a", "bank_b"):
        stage.bank(bank)
    own, others = (
        keys.header_of(stage.staff(PartyKind.INSTITUTION, bank, Role.ADMINISTRATOR))
        for bank in ("bank_a", "bank_b")
    )
    path = "/institutions/bank_a/renewals"
    body = {"documents": dict.fromkeys(asked["documents"], sha256(content).hexdigest())}
    made = client.post(f"/api/v1{path}", body, content_type="application/json", headers=own).json()
    assert made["lacking"] == list(asked["documents"])
    at = f"{path}/{made['application']}/documents"
    assert _hands_in(client, at, others, content).status_code == 404
    assert _hands_in(client, at.replace("bank_a", "bank_b"), others, content).status_code == 404
    assert _hands_in(client, at, own, content).json()["lacking"] == []
