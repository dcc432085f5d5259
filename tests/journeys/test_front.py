"""A bank's systems reach a real node through a front machine that alone holds the bank's SM2 keys."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.utils import timezone

from rongxin.client import cases, deletion, errors, push, reports
from rongxin.client.credentials import ApiKey
from rongxin.client.senders import Client
from rongxin.consent import grants
from rongxin.consent.deletion import duties
from rongxin.consent.models import DeletionReceipt
from rongxin.delivery.push import upkeep
from rongxin.delivery.webhooks.models import Message, Webhook
from rongxin.journal import sequencer
from tests.journeys import connected, fronted, serving
from tests.journeys.connected import Bank
from tests.journeys.fronted import Front
from tests.unit.consent import stage
from tests.unit.delivery.webhooks import stage as hooks
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
PENALTY = "administrative_penalty"


@dataclass
class Scene:
    """A node, a front before it, and the secrets of two inner systems: one may do anything, one a little."""

    node: str
    front: Front
    bank: Bank
    firm: stage.Firm
    core: str
    desk: str

    def sdk(self) -> Client:
        return Client(self.front.address("inner"), ApiKey(self.core))

    def ask(self, method: str, path: str, *, secret: str = "", **how: Any) -> httpx.Response:
        """Ask the inner side as a system does that knows nothing but HTTP."""
        headers = {"Authorization": f"Bearer {secret or self.core}"} | how.pop("headers", {})
        url = f"{self.front.address('inner')}{path}"
        return httpx.request(method, url, headers=headers, timeout=60, trust_env=False, **how)


@pytest.fixture
def scene(settings, monkeypatch, tmp_path: Path) -> Iterator[Scene]:
    settings.RONGXIN_WEBHOOK_LOOPBACK = True
    var = tmp_path / "node"
    var.mkdir()
    front = Front.begin(tmp_path / "front", "--sm")
    with connected.node(var, settings, monkeypatch, RONGXIN_WEBHOOK_LOOPBACK="1") as node:
        bank, firm = Bank(pem=front.pem("tokens")), stage.firm()
        values = {"uscc": firm.uscc, "fine_cny": "9.00"}
        Bureau().files(Row(2, firm.id, "一号", values, timezone.localdate()))
        front.points_to(node, bank.name)
        core, desk = front.key("core"), front.key("desk", "POST reports", "GET reports/*")
        front.start()
        try:
            yield Scene(node, front, bank, firm, core, desk)
        finally:
            front.stop()


def test_a_report_and_lists_by_the_sdk_and_by_bare_http(scene: Scene):
    with scene.sdk() as sdk:
        made = {sdk.send(cases.open_case(scene.firm.uscc, f"DK-{n}")).case for n in range(5)}
        assert {one.case for one in sdk.each(cases.own(page_rows=2))} == made
        given = sdk.send(reports.ask(reports.Question(scene.firm.uscc, "DK-1", "王一", items=[PENALTY])))
        assert (given.report.kind, given.report.summary["records"]) == ("public", 1)
        with pytest.raises(errors.NotFound) as unknown:
            sdk.send(cases.open_case(stage.code(), "DK-9"))
        assert (unknown.value.code, unknown.value.members.get("by")) == ("unknown_subject", None)
    body = {"uscc": scene.firm.uscc, "reference": "DK-2", "person": "王二", "items": [PENALTY]}
    asked = scene.ask("POST", "/api/v1/reports", secret=scene.desk, json=body)
    assert (asked.status_code, asked.json()["summary"]["records"]) == (200, 1)
    assert "ratelimit" in asked.headers
    first = scene.ask("GET", "/api/v1/cases?limit=2")
    assert first.headers["link"].startswith("</api/v1/cases?")
    assert len(first.links["next"]["url"]) > 10
    page = scene.ask("POST", "/api/v1/reports", json=body, headers={"Accept": "text/html"})
    assert (page.headers["content-type"], "<html" in page.text) == ("text/html; charset=utf-8", True)


def test_who_is_not_known_or_not_allowed_gets_nothing_and_all_is_written_down(scene: Scene):
    body = {"uscc": scene.firm.uscc, "reference": "DK-2", "person": "王二", "items": [PENALTY]}
    for secret, path, status, code in (
        (f"{scene.core}x", "/api/v1/cases", 401, "unauthenticated"),
        (scene.bank.api_key.secret, "/api/v1/cases", 401, "unauthenticated"),
        (scene.desk, "/api/v1/cases", 403, "not_allowed"),
        (scene.desk, "/api/v1/reports/../cases", 403, "not_allowed"),
        (scene.desk, "/api/v1/reports/%2e%2e/cases", 404, "not_found"),
        (scene.desk, "/front/events", 403, "not_allowed"),
        (scene.core, "/api/v1/oauth/token", 403, "token_not_given"),
        (scene.core, "/events", 404, "not_found"),
    ):
        answer = scene.ask("GET", path, secret=secret)
        said = answer.json()
        assert (answer.status_code, said["code"], said["by"]) == (status, code, "front"), path
        assert "\u4e00" <= said["title"][0] <= "\u9fff"
    assert scene.ask("POST", "/api/v1/reports", secret=scene.desk, json=body).status_code == 200
    outer = httpx.get(f"{scene.front.address('outer')}/api/v1/cases", trust_env=False)
    assert (outer.status_code, outer.json()["code"]) == (404, "not_found")
    said = fronted.told("log", "--config", str(scene.front.config)).splitlines()
    lines = [line.split("\t") for line in said]
    assert [line[1] for line in lines] == ["", "", *["desk"] * 4, "core", "core", "desk"]
    assert lines[-1][2:5] == ["POST", "/api/v1/reports", "200"]
    assert scene.firm.uscc not in str(lines)


def test_a_push_is_fetched_through_it(scene: Scene, tmp_path: Path):
    with scene.sdk() as sdk:
        terms = push.Terms((PENALTY,), "TS-1", "接入协议第3条", regions=("990101",))
        subscription = sdk.send(push.subscribe(terms)).subscription
        upkeep.make_due(as_of=timezone.now())
        (run,) = sdk.each(push.runs(subscription=subscription))
        first = sdk.run(push.fetch(run.run, tmp_path / "in"))
        (name,) = first.manifest["files"]
        whole = (tmp_path / "in" / name).read_bytes()
        (tmp_path / "in" / name).unlink()
        (tmp_path / "in" / f"{name}.part").write_bytes(whole[:100])
        assert sdk.run(push.fetch(run.run, tmp_path / "in")) == first
        path = f"/api/v1/push/runs/{run.run}/files/{name}"
        got = scene.ask("GET", path, headers={"Range": "bytes=10-19"})
        assert (got.status_code, got.content) == (206, whole[10:20])
        assert got.headers["content-range"] == f"bytes 10-19/{len(whole)}"
        assert sdk.send(push.acknowledge(first)).state == "acknowledged"


def test_a_receipt_stated_inside_is_signed_by_the_institution(scene: Scene):
    now = timezone.now()
    key = stage.institution_key(scene.bank.id, scene.front.pem("signatures"), as_of=now)
    consent = stage.consent(scene.firm, stage.case(scene.firm, scene.bank.id, as_of=now), as_of=now).id
    grants.withdraw(consent, actor=scene.firm.owner.actor, as_of=timezone.now())
    assert duties.owe(consent, as_of=timezone.now())
    with scene.sdk() as sdk:
        (duty,) = sdk.each(deletion.owed())
        assert sdk.send(deletion.deleted(duty, on=timezone.localdate())).due_on is None
    kept = DeletionReceipt.objects.get()
    assert (kept.signed_by, kept.act) == ("institution", "delete")
    header = kept.token.split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["kid"] == key.key_id


@contextlib.contextmanager
def _courier() -> Iterator[None]:
    """What a node's worker does to bring messages."""
    given = hooks.POLICY.model_copy(update={"retry_seconds": (0.5,) * 200})
    courier = hooks.Courier(given=given, way=hooks.plainly)
    stop = threading.Event()
    thread = threading.Thread(target=courier.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _delivered() -> list[str]:
    return [one.state for one in Message.objects.exclude(type="webhook.verification")]


def test_events_are_kept_before_they_are_answered_and_no_kill_loses_one(scene: Scene):
    url = f"{scene.front.address('outer')}/events"
    with _courier():
        fronted.told("webhook", url, "--event", "consent.withdrawn", "--config", str(scene.front.config))
        serving.until(lambda: Webhook.objects.get().state == "active")
        hooks.happen(count=3, as_of=datetime.now(UTC))
        sequencer.integrate()
        serving.until(lambda: _delivered() == ["delivered"] * 3)
        scene.front.kill()
        hooks.happen(count=2, as_of=datetime.now(UTC), institution="bank_a", case="case-2", why="withdraw")
        sequencer.integrate()
        scene.front.start()
        serving.until(lambda: _delivered() == ["delivered"] * 5)
    said = scene.ask("GET", "/front/events?after=0&limit=2").json()
    assert [one["position"] for one in said["events"]] == [1, 2]
    rest = scene.ask("GET", f"/front/events?after={said['last']}&wait=10").json()
    found = [*said["events"], *rest["events"]]
    assert [one["type"] for one in found] == ["consent.withdrawn"] * 5
    assert len({one["id"] for one in found}) == 5
    assert scene.ask("GET", f"/front/events?after={rest['last']}&wait=0.5").json()["events"] == []
    forged = httpx.post(url, content=b"{}", headers={"webhook-id": "msg_1"}, trust_env=False)
    assert (forged.status_code, forged.json()["code"]) == (400, "forged")
    assert UUID(found[0]["id"].removeprefix("msg_"))
