"""结果反馈 over HTTP: told, handed in as a file, corrected, and read by the firm that it is about."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/outcomes"
RECEIVED = {"reference": "DK-1", "stage": "received", "on": "2026-03-02", "amount_cny": "500000.00"}
SETTLED = {"stage": "settled", "on": "2026-03-02", "why": "x"}


@pytest.fixture
def firm():
    return stage.firm()


@pytest.fixture
def bank(firm):
    stage.bank()
    until = timezone.localdate() + timedelta(days=9)
    institutions.assess("bank_a", until=until, actor=SYSTEM, as_of=stage.NOW)
    stage.case(firm, "bank_a", "DK-1")
    return keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))


def post(client, path, body, headers):
    return client.post(f"{URL}{path}", body, content_type="application/json", headers=headers)


def test_a_bank_tells_corrects_and_reads_and_the_firm_sees_it(client, firm, bank):
    answer = post(client, "", {"outcomes": [RECEIVED, RECEIVED | {"reference": "DK-9"}]}, bank).json()
    assert answer["refused"] == [{"number": 2, "reason": answer["refused"][0]["reason"]}]
    outcome = answer["accepted"][0]["outcome"]
    assert post(client, "", {"outcomes": [RECEIVED]}, bank).json()["duplicates"] == [1]
    right = {key: RECEIVED[key] for key in ("stage", "on")} | {"amount_cny": "50000", "why": "多写一个零"}
    assert post(client, f"/{outcome}/correction", right, bank).json()["amount_cny"] == "50000.00"
    mine = client.get(f"{URL}?reference=DK-1", headers=bank).json()
    assert [one["corrected"] for one in mine] == [True, False]
    gone = post(client, f"/{mine[1]['outcome']}/withdrawal", {"why": "记错了企业"}, bank)
    assert (gone.status_code, gone.json()["withdrawn"]) == (200, True)
    owner = keys.header_of(firm.owner)
    about = client.get(f"{URL}/about-me", headers=owner).json()
    assert {one["institution"] for one in about} == {"bank_a"}
    assert client.get(f"{URL}?reference=DK-1", headers=owner).status_code == 403


def test_what_a_file_told_reaches_another_bank_by_the_firms_consent_alone(client, firm, bank):
    now = timezone.now()
    rows = "DK-1,已受理,2026-03-02,500000\nDK-1,申请人撤回,2026-03-03,\n"
    file = SimpleUploadedFile("结果.csv", f"业务编号,阶段,日期,金额（元）\n{rows}".encode())
    assert client.post(f"{URL}/files", {"file": file}, headers=bank).json()["accepted"] == 2
    stage.bank("bank_b")
    until = timezone.localdate() + timedelta(days=9)
    institutions.assess("bank_b", until=until, actor=SYSTEM, as_of=now)
    other = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_b"))
    case = stage.case(firm, "bank_b", "DK-2")
    asked = {"uscc": firm.uscc, "reference": "DK-2", "person": "王一", "items": ["financing_outcome"]}
    asked |= {"purpose": "pre_loan_review", "case": str(case)}
    ask = {"content_type": "application/json", "headers": {**other, "accept": "application/json"}}
    assert client.post("/api/v1/reports", asked, **ask).json()["reason"] == "consent_missing"
    stage.consent(firm, case, draft=stage.draft("financing_outcome", as_of=now), as_of=now)
    report = client.post("/api/v1/reports", asked, **ask).json()
    (item,) = report["sections"][-1]["items"]
    stages = [{one["name"]: one["value"] for one in row["fields"]}["stage"] for row in item["rows"]]
    assert stages == ["申请人撤回", "已受理"]
    log = client.get("/api/v1/uses", headers=keys.header_of(firm.owner)).json()
    assert log[0]["item_labels"] == {"financing_outcome": "融资结果反馈"}


def test_a_file_is_taken_row_by_row(client, bank):
    text = "业务编号,阶段,日期,金额（元）\nDK-1,已受理,2026-03-02,500000\nDK-1,已受理,2026-03-02,x\n"
    file = SimpleUploadedFile("结果.csv", text.encode())
    receipt = client.post(f"{URL}/files", {"file": file}, headers=bank).json()
    assert (receipt["rows"], receipt["accepted"], receipt["refused"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("", {"outcomes": []}, 422, "invalid_request"),
        ("", {"outcomes": [RECEIVED | {"stage": "lent"}]}, 422, "invalid_request"),
        (f"/{UUID(int=0)}/correction", SETTLED, 404, "unknown_outcome"),
        (f"/{UUID(int=0)}/withdrawal", {"why": "x"}, 404, "unknown_outcome"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(client, bank, path, body, status, code):
    answer = post(client, path, body, bank)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_anothers_case_is_unknown(client, bank):
    stage.bank("bank_b")
    other = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_b"))
    assert client.get(f"{URL}?reference=DK-1", headers=other).status_code == 404
    assert post(client, "", {"outcomes": [RECEIVED]}, other).json()["accepted"] == []
