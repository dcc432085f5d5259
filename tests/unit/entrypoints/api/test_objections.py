"""异议申诉 and what follows over HTTP, with the rights of the web: firm, provider and bank do their part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.journal import sequencer
from rongxin.parties import institutions, seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import corrections
from rongxin.sharing.aggregation import batches, sources
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API, ITEM = "/api/v1", "customs_registration"
HEAD = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志\n"
PDF = b"%PDF-1.7 evidence"


@pytest.fixture
def scene(client: Client) -> dict[str, Any]:
    """A firm of which customs told something, and a bank that may ask; the headers of each."""
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    firm, bank = stage.firm(), stage.bank()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    headers = {
        "firm": keys.header_of(firm.owner),
        "customs": keys.header_of(stage.staff(PartyKind.PROVIDER, "customs")),
        "tax": keys.header_of(stage.staff(PartyKind.PROVIDER, "tax_bureau")),
        "bank": keys.header_of(stage.staff(PartyKind.INSTITUTION, bank)),
    }
    row = f"云州蓝鲸物流有限公司,{firm.uscc},9901000001,进出口货物收发货人,正常\n"
    body = {"item": ITEM, "file": SimpleUploadedFile("海关.csv", (HEAD + row).encode())}
    client.post(f"{API}/batches", body, headers=headers["customs"])
    batches.resume_unfinished(as_of=timezone.now())
    sources.forget()
    return {"uscc": firm.uscc, **headers}


def report(client: Client, scene: dict[str, Any]) -> dict[str, Any]:
    """Ask as the bank; return the item as the report has it."""
    question = {"uscc": scene["uscc"], "reference": "DK-1", "person": "李雷", "items": [ITEM]}
    answer = client.post(f"{API}/reports", question, content_type="application/json", headers=scene["bank"])
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()["sections"][0]["items"][0]
    return found


def object_to(client: Client, scene: dict[str, Any], record: int, **more: Any) -> Any:
    body = {"item": ITEM, "record": record, "fields": ["business_category"], "statement": "类别有误"}
    return client.post(f"{API}/objections", body | more, headers=scene["firm"])


def field_of(item: str) -> str:
    return next(field.name for field in loader.load().item(item).fields if field.label == "经营类别")


def test_the_whole_way_from_objection_to_acknowledgement(client: Client, scene: dict[str, Any]) -> None:
    record, field = report(client, scene)["rows"][0]["record"], field_of(ITEM)
    evidence = [SimpleUploadedFile("证明.pdf", PDF, "application/pdf")]
    made = object_to(client, scene, record, fields=[field], evidence=evidence)
    assert made.status_code == 201, made.content
    number = made.json()["objection"]
    (mark,) = report(client, scene)["rows"][0]["marks"]
    assert (mark["kind"]["code"], mark["field"]["name"]) == ("objection", field)

    (queued,) = client.get(f"{API}/objections", headers=scene["customs"]).json()
    assert (queued["objection"], queued["days_left"]) == (number, 20)
    shown = client.get(f"{API}/objections/{number}", headers=scene["customs"]).json()
    paper = shown["evidence"][0]["paper"]
    file = client.get(f"{API}/objections/{number}/evidence/{paper}", headers=scene["customs"])
    assert (file.content, file["X-Content-Type-Options"]) == (PDF, "nosniff")
    assert file["Content-Disposition"].startswith("attachment")

    body = {"outcome": "upheld", "reason": "录入有误", "remedy": {"act": "correct", "values": {}}}
    body["remedy"]["values"] = {"经营类别": "报关企业"}  # type: ignore[index]
    decided = _post(client, scene["customs"], f"objections/{number}/decision", body)
    assert (decided.status_code, decided.json()["state"]) == (200, "upheld"), decided.content
    assert "marks" not in report(client, scene)["rows"][0]

    sequencer.integrate()
    corrections.follow(as_of=timezone.now())
    (told,) = client.get(f"{API}/corrections", headers=scene["bank"]).json()
    assert (told["record"], told["why"]) == (record, "corrected")
    path = f"corrections/{told['correction']}/acknowledgement"
    done = _post(client, scene["bank"], path, {"done": "corrected"})
    assert (done.status_code, done.json()["state"]) == (200, "acknowledged")
    (seen,) = client.get(f"{API}/corrections", headers=scene["firm"]).json()
    assert seen["done"] == "corrected"


def test_what_is_wrong_is_said_in_words_and_changes_nothing(client: Client, scene: dict[str, Any]) -> None:
    record = report(client, scene)["rows"][0]["record"]
    bad = [
        (object_to(client, scene, 999_999, fields=[]), 404, "record_unknown"),
        (object_to(client, scene, record, fields=["nothing"]), 400, "unknown_field"),
        (object_to(client, scene, record, fields=[], item="nothing"), 404, "unknown_item"),
        (object_to(client, scene, record, fields=[], statement="字" * 2001), 422, "objection_refused"),
    ]
    files = [SimpleUploadedFile("a.exe", b"MZ", "application/pdf")]
    bad.append((object_to(client, scene, record, fields=[], evidence=files), 422, "paper_refused"))
    said = [(answer.status_code, answer.json()["code"]) for answer, _, _ in bad]
    assert said == [(status, code) for _, status, code in bad]
    assert "marks" not in report(client, scene)["rows"][0]


def test_another_provider_and_another_firm_know_of_none(client: Client, scene: dict[str, Any]) -> None:
    record = report(client, scene)["rows"][0]["record"]
    number = object_to(client, scene, record, fields=[]).json()["objection"]
    other = keys.header_of(stage.firm().owner)
    for headers in (scene["tax"], other):
        answer = client.get(f"{API}/objections/{number}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_objection")
        assert client.get(f"{API}/objections", headers=headers).json() == []
    refused = _post(
        client, scene["tax"], f"objections/{number}/decision", {"outcome": "rejected", "reason": "x"}
    )
    assert refused.status_code == 404
    back = _post(client, scene["firm"], f"objections/{number}/withdraw", {})
    assert back.json()["state"] == "withdrawn"


def _post(client: Client, headers: dict[str, str], path: str, body: dict[str, Any]) -> Any:
    return client.post(f"{API}/{path}", body, content_type="application/json", headers=headers)
