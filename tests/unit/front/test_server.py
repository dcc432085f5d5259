"""The two servers as processes: what is slow, large, too much or dead holds nobody else up."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
import yaml

from tests.journeys import fronted, serving
from tests.journeys.fronted import Front
from tests.unit.front import stage
from tests.unit.front.stage import Node, says
from tests.unit.front.test_outer import SECRET, message
from tests.unit.gateway.authority import Authority

LIMITS = {"at_once": 2, "body_mib": 1, "body_seconds": 1.0, "node_seconds": 120.0}


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with stage.listening() as there:
        yield there


@pytest.fixture(scope="module")
def front(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front.begin(tmp_path_factory.mktemp("front"))
    made.points_to(f"http://127.0.0.1:{node.port}", "api", limits=LIMITS)
    secrets = made.directory / "keys" / "webhook.secrets"
    secrets.touch(mode=0o600)
    secrets.write_text(SECRET)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def inside(front: Front, node: Node) -> Iterator[httpx.Client]:
    node.answer = says(200)
    renew = ["--renew"] if (front.directory / "callers" / "core.yaml").exists() else []
    secret = fronted.told("key", "core", *renew, "--config", str(front.config)).splitlines()[0]
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(
        base_url=front.address("inner"), headers=headers, timeout=120, trust_env=False
    ) as client:
        yield client


def _half(front: Front, side: str, secret: str = "") -> socket.socket:
    """Begin a request whose body doesn't come."""
    host, _, port = front.address(side).removeprefix("http://").partition(":")
    opened = socket.create_connection((host, int(port)), timeout=120)
    opened.sendall(f"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n{secret}\r\nhalf".encode())
    return opened


def test_who_sends_slowly_is_told_so_and_holds_nobody_up(front: Front, inside: httpx.Client) -> None:
    slow = [_half(front, side) for side in ("inner", "outer") for _ in range(40)]
    assert inside.get("/api/v1/cases").status_code == 200
    assert httpx.get(f"{front.address('outer')}/healthz", trust_env=False).status_code == 200
    for one in slow:
        assert b" 408 " in one.recv(4096)
        one.close()


def test_what_is_too_large_is_refused_however_it_comes(front: Front, inside: httpx.Client) -> None:
    large = inside.post("/api/v1/outcomes/files", content=b"x" * ((1 << 20) + 1))
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
    parts = (b"x" * 65536 for _ in range(20))
    assert inside.post("/api/v1/outcomes/files", content=parts).status_code == 413
    outer = httpx.post(f"{front.address('outer')}/events", content=b"x" * (1 << 19), trust_env=False)
    assert outer.status_code == 413


def test_more_than_can_be_worked_at_are_told_to_come_again(inside: httpx.Client, node: Node) -> None:
    go, before, found = threading.Event(), len(node.asked), []

    def waits(handler: BaseHTTPRequestHandler) -> None:
        go.wait(100)
        says(200)(handler)

    def ask() -> None:
        found.append(inside.get("/api/v1/cases").status_code)

    node.answer = waits
    asks = [threading.Thread(target=ask) for _ in range(2)]
    for one in asks:
        one.start()
    serving.until(lambda: len(node.asked) == before + 2)
    busy = inside.get("/front")
    go.set()
    for one in asks:
        one.join()
    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (503, "busy", "1")
    assert found == [200, 200]


def test_what_has_no_body_or_no_good_address_is_answered_too(inside: httpx.Client, node: Node) -> None:
    node.answer = says(200, b"", Content_Length="17", Content_Type="application/json")
    head = inside.head("/api/v1/cases")
    assert (head.status_code, head.headers["content-type"], head.content) == (200, "application/json", b"")
    node.answer = says(204, b"", Content_Length="")
    assert inside.delete("/api/v1/webhooks/1").status_code == 204
    asked = len(node.asked)
    for path in (
        "/api/v1/a%00b",
        "/api/v1/a%0d%0ab",
        "/%2e%2e/api/v1/cases",
        "/api/v1//cases",
    ):
        assert inside.get(path).status_code in (400, 404), path
    assert len(node.asked) == asked
    assert inside.get("/api/v1/%ff").status_code < 500


def test_an_answer_that_breaks_off_is_no_whole_one(inside: httpx.Client, node: Node) -> None:
    def broken(handler: BaseHTTPRequestHandler) -> None:
        says(200, b"x" * 100_000, Content_Length="200000")(handler)
        handler.close_connection = True

    node.answer = broken
    with pytest.raises(httpx.RemoteProtocolError):
        inside.get("/api/v1/push/runs/1/files/a")
    node.answer = says(200)
    assert inside.get("/api/v1/cases").status_code == 200


def test_who_waits_for_an_event_is_told_when_it_comes(front: Front, inside: httpx.Client) -> None:
    last = inside.get("/front/events?limit=1000").json()["last"]
    found: list[list[str]] = []

    def wait() -> None:
        said = inside.get(f"/front/events?after={last}&wait=30").json()
        found.append([one["id"] for one in said["events"]])

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.5)
    assert found == []
    asked = message("msg_waited")
    told = httpx.post(
        f"{front.address('outer')}/events", content=asked.body, headers=dict(asked.headers), trust_env=False
    )
    assert told.status_code == 200
    waiting.join()
    assert found == [["msg_waited"]]


@pytest.mark.parametrize("side", ["inner", "outer"])
def test_a_side_that_dies_comes_back_and_the_other_one_goes_on(front: Front, side: str) -> None:
    assert front.process is not None
    named = f"--side\0{side}".encode()
    below = [one for one in fronted.children(front.process.pid) if named in _command(one)]
    os.kill(below[0], signal.SIGKILL)
    assert front.answers("outer" if side == "inner" else "inner")
    serving.until(lambda: not any(Path(f"/proc/{one}").exists() for one in below), seconds=30)
    serving.until(lambda: front.answers(side), seconds=60)


def _command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def test_an_address_that_is_taken_is_named(front: Front) -> None:
    taken = front.directory / "other.yaml"
    taken.write_text(front.config.read_text())
    command = ["serve", "--side", "inner", "--config", str(taken)]
    with pytest.raises(AssertionError, match=r"inner\.listen: 127\.0\.0\.1:\d+ 不能使用"):
        fronted.told(*command)


def test_both_sides_may_know_by_certificate_who_connects(node: Node, tmp_path: Path) -> None:
    made = Front.begin(tmp_path / "front")
    for name in ("ours", "theirs"):
        Authority(tmp_path, name).issue(f"{name}_machine")
    files = {
        "certificate": "../ours_machine.crt",
        "key": "../ours_machine.key",
        "client_authority": "../theirs.pem",
    }
    made.points_to(f"http://127.0.0.1:{node.port}", "api")
    document = yaml.safe_load(made.config.read_text())
    for side in ("inner", "outer"):
        document[side]["tls"] = files
    made.config.write_text(yaml.safe_dump(document))
    known = ssl.create_default_context(cafile=tmp_path / "ours.pem")
    stranger = ssl.create_default_context(cafile=tmp_path / "ours.pem")
    known.load_cert_chain(tmp_path / "theirs_machine.crt", tmp_path / "theirs_machine.key")
    made.start(known)
    try:
        for side in ("inner", "outer"):
            place = made.address(side).replace("http:", "https:") + "/healthz"
            assert httpx.get(place, verify=known, trust_env=False).status_code == 200
            with pytest.raises(httpx.TransportError):
                httpx.get(place, verify=stranger, trust_env=False)
    finally:
        made.stop()
