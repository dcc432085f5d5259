"""接入申请 over HTTP, with the rights of the web: apply, follow, assess, approve, and be served."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
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
    body = {"findings": findings, "conditions": ["首月每日不超过 500 次查询"]}
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
