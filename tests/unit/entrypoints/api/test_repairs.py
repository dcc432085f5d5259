"""信用修复 over HTTP, with the rights of the web: asked by the firm, entered and confirmed by two persons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from rongxin.parties import break_glass
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.rights import repairs
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.consent import stage as people
from tests.unit.entrypoints.api import keys
from tests.unit.rights import stage
from tests.unit.rights.stage import Scene

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/repairs"


@pytest.fixture
def scene(tmp_path: Path, settings: Settings) -> Scene:
    settings.RONGXIN_VAR = tmp_path / "var"
    settings.RONGXIN_REPAIR_WINDOW = f"file:{tmp_path}/window"
    return stage.opened(tmp_path)


def ask(client: Client, scene: Scene, record: int, *, statement: str = "罚款已缴清", **left_out: Any) -> Any:
    files = {
        name: [SimpleUploadedFile(f"{name}.pdf", stage.PDF, "application/pdf")]
        for name in ("fulfilment_proof", "credit_commitment")
    }
    body = {"record": record, "severity": "minor", "statement": statement} | files
    for name in left_out:
        del body[name]
    return client.post(URL, body, headers=keys.header_of(scene.firm.owner))


def post(client: Client, headers: dict[str, str], path: str, **body: Any) -> Any:
    return client.post(f"{URL}/{path}", body, content_type="application/json", headers=headers)


def test_the_whole_way_of_a_request(client: Client, scene: Scene) -> None:
    made = ask(client, scene, scene.fined())
    assert made.status_code == 201, made.content
    number = made.json()["repair"]
    assert {one["purpose"] for one in made.json()["materials"]} == {"fulfilment_proof", "credit_commitment"}
    repairs.forward_waiting(as_of=timezone.now())
    clerk = keys.header_of(people.staff(PartyKind.OPERATOR, None, Role.CLERK))
    checker = keys.header_of(people.staff(PartyKind.OPERATOR, None, Role.CHECKER))
    (waiting,) = client.get(URL, headers=clerk).json()
    assert (waiting["repair"], waiting["state"]) == (number, "forwarded")
    said = {"outcome": "granted", "authority": "市场监管局", "document": "1号", "reason": "已履行"}
    entered = post(client, clerk, f"{number}/decision", decided_on="2026-03-05", **said)
    assert (entered.json()["state"], entered.json()["decision_waits"]) == ("forwarded", True)
    assert post(client, clerk, f"{number}/decision/confirm").status_code == 403  # a clerk doesn't check
    done = post(client, checker, f"{number}/decision/confirm")
    assert (done.status_code, done.json()["state"]) == (200, "granted"), done.content
    assert scene.live() == []
    told = client.get("/api/v1/notifications", headers=keys.header_of(scene.firm.owner)).json()
    assert told[0]["kind"] == "repair_decided"


def test_what_lacks_is_said_and_others_know_of_none(client: Client, scene: Scene) -> None:
    record = scene.fined()
    lacking = ask(client, scene, record, credit_commitment=None)
    assert (lacking.status_code, lacking.json()["code"]) == (422, "repair_refused")
    assert "信用承诺书" in lacking.json()["title"]
    number = ask(client, scene, record).json()["repair"]
    stranger = keys.header_of(people.firm().owner)
    assert client.get(f"{URL}/{number}", headers=stranger).status_code == 404
    assert client.get(URL, headers=stranger).json() == []
    back = post(client, keys.header_of(scene.firm.owner), f"{number}/withdraw")
    assert back.json()["state"] == "withdrawn"


def test_the_desk_reads_what_was_said_without_numbers_and_opens_materials_by_a_break_glass_alone(
    client: Client, scene: Scene
) -> None:
    made = ask(client, scene, scene.fined(), statement="罚款已缴清，电话13912345678").json()
    someone = people.staff(PartyKind.OPERATOR, None, Role.CLERK)
    clerk, owner = keys.header_of(someone), keys.header_of(scene.firm.owner)
    path = f"{URL}/{made['repair']}"
    assert "13912345678" not in client.get(path, headers=clerk).json()["statement"]
    assert "13912345678" in client.get(path, headers=owner).json()["statement"]
    material = f"{path}/materials/{made['materials'][0]['paper']}"
    assert client.get(material, headers=owner).content == stage.PDF
    assert client.get(material, headers=clerk).json()["code"] == "break_glass_missing"
    asks = Actor(ActorKind.ACCOUNT, str(someone.account), "operator:")
    said = {"reason": "核对修复材料是否齐全", "reference": "GD-2"}
    glass = break_glass.ask(scene.firm.uscc, **said, actor=asks, as_of=timezone.now())
    second = people.operators(1, Role.AUDIT_ADMINISTRATOR)[0]
    break_glass.approve(glass.id, actor=second, as_of=timezone.now())
    assert client.get(f"{material}?break_glass={glass.id}", headers=clerk).content == stage.PDF
    told = client.get("/api/v1/uses", headers=owner).json()
    assert [(one["released"], list(one["items"])) for one in told if one["recipient_kind"] == "operator"] == [
        (True, ["repair_material"]),
        (False, []),
    ]
