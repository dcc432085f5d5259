"""Everything held and every use over HTTP: JSON, page and PDF; the proof; a hold by two persons ((九))."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.journal import checkpoints, sequencer
from rongxin.parties import departments
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.entrypoints.api.test_objections import API, ITEM, _post, object_to, report
from tests.unit.entrypoints.api.test_objections import scene as scene

pytestmark = pytest.mark.django_db(transaction=True)


def get(client: Client, headers: dict[str, str], path: str, accept: str = "application/json") -> Any:
    return client.get(f"{API}/{path}", headers={**headers, "accept": accept})


def test_the_firm_takes_everything_along_in_three_forms(client: Client, scene: dict[str, Any]) -> None:
    record = report(client, scene)["rows"][0]["record"]
    object_to(client, scene, record, fields=[])
    document = get(client, scene["firm"], "held").json()
    items = {one["item"]: one for section in document["sections"] for one in section["items"]}
    assert (document["kind"], items[ITEM]["rows"][0]["record"]) == ("self", record)
    assert document["beside"]["objections"][0]["statement"] == "类别有误"
    page = get(client, scene["firm"], "held", "text/html")
    assert "本人信用信息报告" in page.content.decode()
    paper = get(client, scene["firm"], "held", "application/pdf")
    assert paper.content.startswith(b"%PDF-")
    looks = get(client, scene["firm"], "uses").json()
    assert [one["purpose"] for one in looks] == ["self_access"] * 3 + ["financing_support"]
    assert get(client, scene["bank"], "held").status_code == 403


def test_a_page_checks_the_proof_of_a_use_by_itself(client: Client, scene: dict[str, Any]) -> None:
    report(client, scene)
    (use,) = get(client, scene["firm"], "uses").json()
    early = get(client, scene["firm"], f"uses/{use['request']}/proof")
    assert (early.status_code, early.json()["code"]) == (409, "not_yet_covered")
    sequencer.integrate()
    checkpoints.sign(as_of=timezone.now())
    given = get(client, scene["firm"], f"uses/{use['request']}/proof").json()
    for proof in given["proofs"]:
        hash_ = sha256(b"\x00" + proof["body"].encode()).digest()
        for step in proof["steps"]:
            pair = (bytes.fromhex(step["hash"]), hash_)
            hash_ = sha256(b"\x01" + b"".join(pair if step["side"] == "left" else pair[::-1])).digest()
        assert hash_.hex() == proof["root"]
    assert "SHA-256" in given["recipe"]
    stranger = keys.header_of(stage.firm().owner)
    assert get(client, stranger, f"uses/{use['request']}/proof").status_code == 404


def test_a_hold_takes_two_persons_over_http_too(client: Client, scene: dict[str, Any]) -> None:
    departments.admit("police", name="云州市某局", actor=SYSTEM, as_of=timezone.now())
    first, second = (
        keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR)) for _ in range(2)
    )
    until = (timezone.localdate() + timedelta(days=30)).isoformat()
    body = {"uscc": scene["uscc"], "department": "police", "legal_basis": "刑事诉讼法", "until": until}
    made = _post(client, first, "use-holds", body)
    assert (made.status_code, made.json()["keeps_back"]) == (201, False), made.content
    path = f"use-holds/{made.json()['hold']}/confirm"
    assert _post(client, first, path, {}).status_code == 403
    assert _post(client, second, path, {}).json()["keeps_back"] is True
    assert len(get(client, first, "use-holds").json()) == 1
    assert _post(client, first, f"use-holds/{made.json()['hold']}/lift", {}).json()["state"] == "lifted"
