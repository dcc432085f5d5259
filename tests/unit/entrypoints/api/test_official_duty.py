"""A department over HTTP: two of the operator's give the mandate, its own key asks, the firm sees it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from rongxin.parties import departments
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/official-duty"
PENALTY = "administrative_penalty"


@pytest.fixture
def firm():
    departments.admit("emergency_bureau", name="云州市应急管理局", actor=SYSTEM, as_of=stage.NOW)
    made = stage.firm()
    Bureau().files(Row(2, made.id, "一号", {"uscc": made.uscc, "fine_cny": "9.00"}, date(2026, 1, 9)))
    return made


@pytest.fixture
def clerks():
    return [
        keys.header_of(stage.staff(PartyKind.OPERATOR, "node", Role.SECURITY_ADMINISTRATOR)) for _ in range(2)
    ]


def _post(client, path, headers, **body):
    return client.post(f"{URL}/{path}", body, content_type="application/json", headers=headers)


def _terms(**changes):
    today = timezone.localdate()
    return {
        "department": "emergency_bureau",
        "duty": "安全生产监督检查",
        "legal_basis": "《中华人民共和国安全生产法》第七十八条",
        "items": {PENALTY: ""},
        "regions": ["990100"],
        "valid_from": str(today - timedelta(days=1)),
        "valid_until": str(today + timedelta(days=30)),
    } | changes


def _question(firm, mandate, **changes):
    return {
        "uscc": firm.uscc,
        "mandate": mandate,
        "items": [PENALTY],
        "reference": "AJ-1",
        "person": "inspector-7",
    } | changes


def test_a_department_asks_by_a_mandate_that_two_persons_gave(client, firm, clerks):
    first, second = clerks
    inspector = keys.header_of(stage.staff(PartyKind.DEPARTMENT, "emergency_bureau"))
    mandate = _post(client, "mandates", first, **_terms()).json()["mandate"]
    asked = _post(client, "questions", inspector, **_question(firm, mandate))
    assert (asked.status_code, asked.json()["reason"]) == (403, "duty_mandate_missing")
    assert _post(client, f"mandates/{mandate}/grant", first).json()["code"] == "not_allowed"
    assert [one["mandate"] for one in client.get(f"{URL}/mandates/waiting", headers=second).json()] == [
        mandate
    ]
    assert _post(client, f"mandates/{mandate}/grant", second).json()["state"] == "granted"
    report = _post(client, "questions", inspector, **_question(firm, mandate)).json()
    assert (report["kind"], report["mandate"]) == ("duty", mandate)
    (row,) = report["sections"][0]["items"][0]["rows"]
    assert {field["name"]: field["value"] for field in row["fields"]}["fine_cny"] == "9.00"
    assert [one["state"] for one in client.get(f"{URL}/mandates", headers=inspector).json()] == ["granted"]
    uses = client.get("/api/v1/uses", headers=keys.header_of(firm.owner)).json()
    assert [(one["recipient_kind"], bool(one["legal_basis"])) for one in uses] == [("department", True)] * 2
    _post(client, f"mandates/{mandate}/revoke", first, reason="职能调整")
    asked = _post(client, "questions", inspector, **_question(firm, mandate))
    assert (asked.status_code, asked.json()["reason"]) == (403, "duty_mandate_revoked")


def test_it_says_what_is_wrong_with_a_mandate_or_a_question(client, firm, clerks):
    first, second = clerks
    inspector = keys.header_of(stage.staff(PartyKind.DEPARTMENT, "emergency_bureau"))
    without = _post(client, "mandates", first, **_terms(regions=[]))
    assert "履职依据不能没有范围" in without.json()["title"]
    assert _post(client, "mandates", first, **_terms(department="nobody")).status_code == 404
    mandate = _post(client, "mandates", first, **_terms()).json()["mandate"]
    declined = _post(client, f"mandates/{mandate}/decline", second, reason="范围过宽").json()
    assert (declined["state"], declined["closed_why"]) == ("declined", "范围过宽")
    odd = _post(client, "questions", inspector, **_question(firm, mandate, uscc="91"))
    assert (odd.status_code, odd.json()["code"]) == (400, "invalid_uscc")


def test_each_does_only_what_is_theirs(client, firm, clerks):
    inspector = keys.header_of(stage.staff(PartyKind.DEPARTMENT, "emergency_bureau"))
    assert _post(client, "mandates", inspector, **_terms()).status_code == 403
    assert _post(client, f"mandates/{stage.NOW:%Y}/grant", inspector).status_code in (403, 422)
    assert _post(client, "questions", clerks[0], **_question(firm, str(firm.id))).status_code == 403
    assert client.get(f"{URL}/mandates").status_code == 401
