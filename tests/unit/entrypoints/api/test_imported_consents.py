"""Imported consents over HTTP: the operator's clerks only, and two of them."""

from __future__ import annotations

from hashlib import sha256

import pytest

from rongxin.consent import moving
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.delivery.moving import old_platform
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/imported-consents"


def test_two_clerks_make_a_moved_paper_a_consent(client, monkeypatch):
    stage.bank()
    firm = stage.firm()
    until = {"valid_until": "2199-12-31"}
    monkeypatch.setattr("rongxin.consent.issuing.check_draft", lambda draft, *, as_of: "test@1")
    monkeypatch.setattr("rongxin.consent.cases.check_served", lambda *given, **more: None)
    row = old_platform.consent(firm.uscc, signed_by=firm.owner.name)
    row["draft"] |= until
    moving.take([row], scan_of=lambda name: stage.SCAN, actor=SYSTEM, as_of=stage.NOW)
    first, second = (keys.header_of(stage.staff(PartyKind.OPERATOR, "node", Role.CHECKER)) for _ in range(2))
    (card,) = client.get(URL, headers=first).json()
    assert (card["uscc"], card["missing"]) == (firm.uscc, [])
    proposed = client.post(f"{URL}/{card['imported_consent']}/propose", headers=first).json()
    look = {"confirmed": True, "scan_sha256": sha256(stage.SCAN).hexdigest()}
    path = f"{URL}/proposals/{proposed['proposal']}/check"
    own = client.post(path, look, content_type="application/json", headers=first)
    assert (own.status_code, own.json()["code"]) == (403, "not_theirs")
    checked = client.post(path, look, content_type="application/json", headers=second)
    assert checked.json()["consent"]
    assert client.get(URL, headers=first).json() == []


def test_nobody_else_comes_to_them(client):
    bank = keys.header_of(stage.staff(PartyKind.INSTITUTION, stage.bank()))
    assert client.get(URL, headers=bank).status_code == 403
    assert client.get(URL).status_code == 401
