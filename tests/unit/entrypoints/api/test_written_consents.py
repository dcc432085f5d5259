"""A paper over HTTP: one hands it in, another checks it, never both of the bank; the firm is told."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.consent import notices
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
SHA = sha256(stage.SCAN).hexdigest()


@pytest.fixture
def scene():
    firm, bank = stage.firm(), stage.bank()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    clerk = keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))
    operator = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.CHECKER))
    return firm, clerk, operator


def handed_in(client, firm, headers, *, scan=stage.SCAN, case=None, **changes):
    today = timezone.localdate()
    case = case or str(stage.case(firm, "bank_a", as_of=timezone.now()))
    notice = notices.current(today)
    form = {
        "case": case,
        "items": ["tax_payment"],
        "signed_by": firm.owner.name,
        "signed_on": today.isoformat(),
        "notice_version": notice.version,
        "notice_sha256": notice.sha256,
        **changes,
    }
    file = SimpleUploadedFile("paper.pdf", scan, content_type="application/pdf")
    return client.post(f"{API}/written-consents", {**form, "scan": file}, headers=headers)


def _check(client, proposal, headers, **changes):
    body = {"confirmed": True, "scan_sha256": SHA, **changes}
    address = f"{API}/written-consents/{proposal}/check"
    return client.post(address, body, content_type="application/json", headers=headers)


def test_the_bank_hands_in_the_operator_checks_and_the_firm_is_told_at_each_step(client, scene):
    firm, clerk, operator = scene
    handed = handed_in(client, firm, clerk)
    assert handed.status_code == 201, handed.content
    proposal = handed.json()["proposal"]
    assert handed.json()["scan_sha256"] == SHA
    waiting = client.get(f"{API}/written-consents", headers=operator).json()
    assert [one["proposal"] for one in waiting] == [proposal]
    assert client.get(f"{API}/written-consents/{proposal}/scan", headers=operator).content == stage.SCAN
    checked = _check(client, proposal, operator)
    assert (checked.status_code, checked.json()["status"]) == (200, "confirmed")
    consent = client.get(f"{API}/consents/{checked.json()['consent']}", headers=clerk).json()
    assert (consent["status"], consent["authorization_details"][0]["scan_sha256"]) == ("active", SHA)
    told = client.get(f"{API}/notifications", headers=keys.header_of(firm.owner)).json()
    assert [one["kind"] for one in told] == ["consent_granted", "written_consent_proposed"]


def test_the_bank_that_benefits_never_does_both(client, scene):
    firm, clerk, _ = scene
    proposal = handed_in(client, firm, clerk).json()["proposal"]
    colleague = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    for own in (clerk, colleague):
        refused = _check(client, proposal, own)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_theirs")
    assert client.get(f"{API}/consents", headers=clerk).json() == []


def test_the_operator_may_hand_in_and_the_bank_check(client, scene):
    firm, clerk, _ = scene
    desk = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.CLERK))
    proposal = handed_in(client, firm, desk).json()["proposal"]
    assert _check(client, proposal, desk).status_code == 403
    assert _check(client, proposal, clerk).json()["status"] == "confirmed"


def test_a_check_names_the_scan_that_was_looked_at(client, scene):
    firm, clerk, operator = scene
    proposal = handed_in(client, firm, clerk).json()["proposal"]
    other = _check(client, proposal, operator, scan_sha256="0" * 64)
    assert (other.status_code, other.json()["code"]) == (409, "not_possible")
    rejected = _check(client, proposal, operator, confirmed=False)
    assert (rejected.json()["status"], rejected.json()["consent"]) == ("rejected", None)


def test_another_bank_sees_no_paper_and_no_scan(client, scene):
    firm, clerk, _ = scene
    proposal = handed_in(client, firm, clerk).json()["proposal"]
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(stage.bank("bank_b"), until=until, actor=SYSTEM, as_of=timezone.now())
    stranger = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_b"))
    for path in ("", "/scan"):
        answer = client.get(f"{API}/written-consents/{proposal}{path}", headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_consent")
    assert _check(client, proposal, stranger).status_code == 404
    assert client.get(f"{API}/written-consents", headers=stranger).json() == []


def test_a_wrong_signer_file_or_day_is_refused_in_words(client, scene):
    firm, clerk, _ = scene
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    wrong = [
        (handed_in(client, firm, clerk, signed_by="李四"), "signer_refused"),
        (handed_in(client, firm, clerk, case=_latest(client, clerk), signed_on=tomorrow), "signer_refused"),
        (handed_in(client, firm, clerk, case=_latest(client, clerk), scan=b"MZ"), "not_possible"),
    ]
    assert [(answer.json()["code"]) for answer, _ in wrong] == [code for _, code in wrong]


def test_a_paper_handed_in_twice_under_one_key_is_one(client, scene):
    firm, clerk, _ = scene
    case, headers = str(stage.case(firm, "bank_a", as_of=timezone.now())), {**clerk, "idempotency-key": "p-1"}
    first = handed_in(client, firm, headers, case=case)
    again = handed_in(client, firm, headers, case=case)
    assert (again.status_code, again.content) == (201, first.content)
    other = handed_in(client, firm, headers, case=case, scan=stage.SCAN + b"x")
    assert other.json()["code"] == "idempotency_key_reused"


def _latest(client, headers):
    return client.get(f"{API}/cases", headers=headers).json()[0]["case"]
