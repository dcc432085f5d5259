"""What a platform must do where it comes to the institution by itself: events and pushes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from uuid import UUID

from rongxin.client import push, webhooks
from rongxin.client.senders import Client
from rongxin.conformance.checks import Skip, Suite, expect, fail, same
from rongxin.conformance.fixtures import Listening
from rongxin.conformance.platform import Platform, own_reference, refused
from rongxin.proof.errors import ProofError

SUITE: Suite[Platform] = Suite()
_check = SUITE.check
_BODY_BYTES_MAX = 1 << 20
_EVENT = "consent.granted"
_PUSHED = "administrative_penalty"
_INWARD = ("https://169.254.169.254/latest", "https://10.0.0.1/events", "http://hooks.example.com/events")


@dataclass
class _Desk:
    """What came, and what is answered to a challenge."""

    url: str
    answers: Callable[[dict[str, str]], dict[str, str]]
    came: list[tuple[dict[str, str], bytes, datetime]] = field(default_factory=list)


@_check(
    "D-01",
    "登记地址先经验证，验证消息由共享密钥与平台密钥签名 a challenge comes signed by secret and key",
    "Standard Webhooks; docs/decisions/0027",
)
def challenged(platform: Platform) -> None:
    with _listening(platform.listening, lambda said: said) as desk, platform.sdk() as sdk:
        node = sdk.send(webhooks.key()).verifying()
        made = sdk.send(webhooks.register(desk.url, [_EVENT]))
        try:
            _within(platform, "验证消息 the challenge", lambda: bool(desk.came))
            headers, body, at = desk.came[0]
            try:
                event = webhooks.read(headers, body, secrets=[made.secret], node=node, now=at)
            except ProofError as error:
                fail(f"验证消息签名不成立 the challenge isn't signed as written: {error}")
            same("type", webhooks.CHALLENGE, event.type)
            _within(platform, "启用 active", lambda: _state(sdk, made.webhook) == "active")
        finally:
            sdk.send(webhooks.remove(made.webhook))


@_check(
    "D-02", "答错验证的地址不启用 a wrong answer to the challenge activates nothing", "docs/decisions/0027"
)
def wrongly_answered(platform: Platform) -> None:
    with _listening(platform.listening, lambda said: {"challenge": "another"}) as desk, platform.sdk() as sdk:
        made = sdk.send(webhooks.register(desk.url, [_EVENT]))
        try:
            _within(platform, "验证消息 the challenge", lambda: bool(desk.came))
            until = time.monotonic() + 2
            while time.monotonic() < until:
                expect(_state(sdk, made.webhook) != "active", "答错仍启用 active all the same")
                time.sleep(0.2)
        finally:
            sdk.send(webhooks.remove(made.webhook))


@_check(
    "D-03",
    "内网与明文地址不予登记 addresses inside and in plain text are refused",
    "docs/decisions/0027; OWASP SSRF",
)
def inward(platform: Platform) -> None:
    for url in _INWARD:
        answer = platform.send("POST", "webhooks", {"url": url, "events": [_EVENT]})
        refused(answer, 400, 422)


@_check(
    "D-04",
    "更换密钥得到新密钥，且只显示一次 a new secret is another one, and shown once",
    "Standard Webhooks",
)
def rotated(platform: Platform) -> None:
    made = platform.send("POST", "webhooks", {"url": "https://hooks.example.com/events", "events": [_EVENT]})
    same("状态 status", 201, made.status)
    path = f"webhooks/{made.member('webhook')}"
    try:
        turned = platform.send("POST", f"{path}/rotate")
        expect(str(turned.member("secret")).startswith("whsec_"), "没有新密钥 no new secret")
        expect(turned.member("secret") != made.member("secret"), "密钥未变 the same secret")
        shown = platform.send("GET", path)
        expect("whsec_" not in shown.body.decode(), "密钥再次显示 the secret is shown again")
    finally:
        platform.send("DELETE", path)


@_check(
    "D-05",
    "推送清单由平台签名，文件与清单相符，核验后才可确认 a push is what its signed manifest says",
    "docs/decisions/0028; 国办发〔2021〕52号（六）",
)
def pushed(platform: Platform) -> None:
    with platform.sdk() as sdk, TemporaryDirectory() as folder:
        terms = push.Terms((_PUSHED,), own_reference(), "一致性测试 conformance trial")
        subscription = sdk.send(push.subscribe(terms)).subscription
        try:
            run = _ready(platform, sdk, subscription)
            try:
                fetched = sdk.run(push.fetch(run, Path(folder) / "push"))
            except ProofError as error:
                fail(f"推送不成立 the push doesn't hold: {error}")
            expect("counts" in fetched.manifest, "清单没有行数 the manifest has no counts")
            wrong = platform.send("POST", f"push/runs/{run}/acknowledge", {"manifest_sha256": "0" * 64})
            refused(wrong, 409, 422)
            same("确认后 after it", "acknowledged", sdk.send(push.acknowledge(fetched)).state)
        finally:
            sdk.send(push.end(subscription))


def _ready(platform: Platform, sdk: Client, subscription: UUID) -> UUID:
    """Return the first run that is ready; a node without a worker at hand can't be tried."""
    until = time.monotonic() + platform.brought.worker_seconds
    while time.monotonic() < until:
        for run in sdk.each(push.runs(subscription=subscription)):
            if run.state == "ready":
                return run.run
        time.sleep(0.5)
    raise Skip(f"{platform.brought.worker_seconds}秒内平台没有生成推送 no push was made in that time")


def _state(sdk: Client, webhook: UUID) -> str:
    return sdk.send(webhooks.show(webhook)).state


def _within(platform: Platform, what: str, done: Callable[[], bool]) -> None:
    until = time.monotonic() + platform.brought.worker_seconds
    while not done():
        expect(time.monotonic() < until, f"{platform.brought.worker_seconds}秒内没有{what} did not come")
        time.sleep(0.2)


@contextmanager
def _listening(place: Listening, answers: Callable[[dict[str, str]], dict[str, str]]) -> Iterator[_Desk]:
    """Listen until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length", 0)), _BODY_BYTES_MAX)
            body = self.rfile.read(length)
            desk.came.append(
                ({name.lower(): value for name, value in self.headers.items()}, body, datetime.now(UTC))
            )
            said = json.loads(body)
            answer = b""
            if said.get("type") == webhooks.CHALLENGE:
                answer = json.dumps(desk.answers({"challenge": said["data"]["challenge"]})).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    host, _, port = place.bind.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.daemon_threads = True
    desk = _Desk(place.url or f"http://{host}:{server.server_port}/events", answers)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
