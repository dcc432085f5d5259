"""Our node passes the suite of an institution's side; behind a server that breaks a rule it fails there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import yaml
from django.db import connection
from django.utils import timezone

from rongxin.client import cases, consents
from rongxin.client.senders import Client
from rongxin.conformance import of_deliveries, of_platforms, trials
from rongxin.conformance.checks import Finding, Result
from rongxin.delivery.push import upkeep
from rongxin.delivery.webhooks.courier import Courier
from tests.journeys.test_client import Bank, _agree, _firms, node
from tests.unit.conformance import proxy
from tests.unit.conformance.proxy import Fault, Forward, Message
from tests.unit.consent import stage
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["node"]  # the fixture


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite listens on this machine; a node lets that be told where it is a demo's."""
    monkeypatch.setenv("RONGXIN_WEBHOOK_LOOPBACK", "1")


@pytest.fixture
def working(settings: Any, node: str) -> Iterator[None]:
    """Do what the node's worker would: send challenges, make pushes."""
    settings.RONGXIN_WEBHOOK_LOOPBACK = True
    stop = threading.Event()

    def work() -> None:
        courier = Courier()
        while not stop.is_set():
            courier.turn()
            upkeep.make_due(as_of=timezone.now())
            stop.wait(0.1)
        courier.finish()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def brought(node: str, tmp_path: Path) -> Path:
    """The institution's file: an account with its key, a firm, a consent that the firm took back."""
    firm, bank = stage.firm(), Bank()
    penalty = {"uscc": firm.uscc, "fine_cny": "9.00"}
    Bureau().files(Row(2, firm.id, "一号", penalty, timezone.localdate()))
    bank.signing.save(tmp_path / "bank.key.pem")
    with Client(node, bank.credentials) as sdk:
        case = sdk.send(cases.open_case(firm.uscc, "DK-0"))
        consent = _agree(node, firm, sdk.send(consents.ask(case.case, ["tax_payment"])))
    _firms(node, firm, f"consents/{consent}/withdraw", {})
    path = tmp_path / "trial.yaml"
    withdrawn = {"subject": firm.uscc, "case": str(case.case), "consent": str(consent)}
    path.write_text(
        yaml.safe_dump(
            {
                "account": bank.name,
                "key": "bank.key.pem",
                "subject": firm.uscc,
                "withdrawn": withdrawn,
                "listen": {"bind": "127.0.0.1:0"},
                "worker_seconds": 30,
            }
        )
    )
    return path


def tried(node: str, brought: Path, fault: Fault = proxy.none, *only: str) -> dict[str, Finding]:
    with proxy.before(node.rstrip("/"), fault) as address:
        return {one.id: one for one in trials.of_institution(address, brought, only)}


# --- what is broken: each takes a request and what carries it to the node ---


def _edits(at: str, edit: Callable[[Any], Any]) -> Fault:
    """Change the JSON of answers below a path."""

    def fault(request: Message, forward: Forward) -> Message:
        answer = forward(request)
        if at not in request.path or answer.status >= 400:
            return answer
        return replace(answer, body=json.dumps(edit(json.loads(answer.body))).encode())

    return fault


def _says(status: int, at: str, body: object, *, where: range = range(400, 500)) -> Fault:
    """Say yes (or something else) where the node said no."""

    def fault(request: Message, forward: Forward) -> Message:
        answer = forward(request)
        if at in request.path and answer.status in where:
            return Message("", "", {"content-type": "application/json"}, json.dumps(body).encode(), status)
        return answer

    return fault


def _drops(*names: str) -> Fault:
    return lambda request, forward: forward(request).without(*names)


def _keyless(request: Message, forward: Forward) -> Message:
    return forward(request.without("idempotency-key"))


def _spoilt_manifest(request: Message, forward: Forward) -> Message:
    answer = forward(request)
    return replace(answer, body=answer.body + b" ") if request.path.endswith("manifest.json") else answer


def _shows_secrets(request: Message, forward: Forward) -> Message:
    answer = forward(request)
    if request.method == "GET" and "/webhooks/" in request.path and answer.status == 200:
        document = json.loads(answer.body)
        if "webhook" in document:
            return replace(answer, body=json.dumps({**document, "secret": "whsec_AAAA"}).encode())
    return answer


def _active_at_once(document: Any) -> Any:
    return {**document, "state": "active"} if "state" in document else document


def _another_secret(document: Any) -> Any:
    return {**document, "secret": f"whsec_{'A' * 43}="} if "secret" in document else document


def _without_articles(report: Any) -> Any:
    for section in report["sections"]:
        for item in section["items"]:
            (item.get("reason") or {}).pop("article", None)
    return report


def _gives_tax(report: Any) -> Any:
    for section in report["sections"]:
        for item in section["items"]:
            if item["item"] == "tax_payment":
                item["availability"]["code"] = "records"
    return report


def _as_html(request: Message, forward: Forward) -> Message:
    answer = forward(request)
    return replace(answer, headers={**answer.headers, "content-type": "text/html"})


def _no_places(request: Message, forward: Forward) -> Message:
    answer = forward(request)
    if answer.status != 422:
        return answer
    return replace(answer, body=json.dumps({**json.loads(answer.body), "errors": []}).encode())


TOKEN = {"access_token": "x", "token_type": "DPoP", "expires_in": 300}
ANYBODY = _says(200, "/cases", [])
FAULTS: dict[str, Fault] = {
    "I-01": _edits("oauth/metadata", lambda said: {**said, "token_endpoint_auth_methods_supported": []}),
    "I-02": _edits("openapi.json", lambda said: {**said, "openapi": "3.0.3"}),
    "I-03": _drops("cache-control"),
    **{f"I-{number:02}": _says(200, "oauth/token", TOKEN) for number in range(4, 8)},
    **{f"I-{number:02}": ANYBODY for number in range(8, 12)},
    "I-12": _drops("www-authenticate"),
    "I-13": _as_html,
    "I-14": _no_places,
    "I-15": _keyless,
    "I-16": _keyless,
    "I-17": _drops("link"),
    "I-18": _drops("ratelimit"),
    "I-19": _edits("/reports", _without_articles),
    "I-20": _edits("/reports", _gives_tax),
    "I-21": _edits("/consent-requests", lambda said: {**said, "consent": str(UUID(int=1))}),
    "I-22": _says(200, "/reports", {"sections": []}),
    "D-01": _edits("/webhooks", _another_secret),
    "D-02": _edits("/webhooks/", _active_at_once),
    "D-03": _says(201, "/webhooks", {"webhook": str(uuid4()), "secret": "whsec_x"}),
    "D-04": _shows_secrets,
    "D-05": _spoilt_manifest,
}


def test_every_check_of_a_platform_has_a_fault() -> None:
    there = {one.id for one in (*of_platforms.SUITE.checks, *of_deliveries.SUITE.checks)}
    assert FAULTS.keys() == there


def test_our_node_passes_every_check_and_a_broken_one_fails_each(
    node: str, brought: Path, working: None
) -> None:
    found = tried(node, brought)
    assert [one for one in found.values() if one.result is not Result.PASSED] == []
    assert found.keys() == FAULTS.keys()
    unseen = {
        id: (one.result, one.why)
        for id, fault in FAULTS.items()
        if not proxy.told(one := tried(node, brought, fault, id)[id])
    }
    assert unseen == {}


def test_what_was_not_brought_is_skipped_with_what_it_needs(node: str, tmp_path: Path) -> None:
    path = tmp_path / "little.yaml"
    path.write_text("subject: 91990100MA0000012L\n")
    found = tried(node, path)
    results = {id: one.result for id, one in found.items()}
    assert (results["I-01"], results["I-02"], results["I-12"]) == (Result.PASSED,) * 3
    assert results["I-03"] is results["D-05"] is Result.SKIPPED
    assert "account" in found["I-03"].why
    assert httpx.get(f"{node}livez", trust_env=False).status_code == 200
