"""The node's side of a call: a gateway that hangs, lies, floods or breaks off is refused and named."""

from __future__ import annotations

import gzip
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rongxin.consent import rules as consent
from rongxin.exchange import receipt
from rongxin.gateway.door import Door
from rongxin.proof.http_messages import Request
from rongxin.proof.keys import SigningKey
from rongxin.sharing import breaker, calls, gateways
from rongxin.sharing.connectors.connector import Asked, Standing
from rongxin.sharing.connectors.gateway import Address, Gateway
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from tests.unit.gateway.stage import CATALOGUE, FIRM, NODE, NOW, Office, artefact, question, terms

PATIENCE = 30  # only a broken build waits as long
Answering = Callable[[BaseHTTPRequestHandler, Request], None]


@pytest.fixture
def tax(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path, "tax_bureau")
    office.holds("t(n, code, vat)", (FIRM.name, FIRM.uscc, 712400))
    sql = "SELECT n AS name, code AS uscc, vat AS vat_paid_cny_12m FROM t WHERE code = :uscc"
    office.writes("tax_payment", {"sql": sql})
    yield office
    office.close()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(calls, "_ways", {})
    yield
    gateways.disconnect("tax_bureau")


def honest(door: Door) -> Answering:
    def answer(handler: BaseHTTPRequestHandler, request: Request) -> None:
        reply = door.answer(request)
        send(handler, reply.body, reply.status)

    return answer


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def behind(tax: Office) -> Iterator[Callable[[Answering], None]]:
    """Connect a server that answers as it is told; the gateway's key is the office's."""
    servers: list[ThreadingHTTPServer] = []

    def connect(answering: Answering, seconds: float = 2.0) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answering))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        tax.door  # noqa: B018 - makes the key
        (tax.directory / "key.pub.pem").write_text(tax.key.public.pem())
        url = f"http://127.0.0.1:{server.server_address[1]}"
        address = Address(provider="tax_bureau", url=url, key="key.pub.pem", seconds=seconds)
        gateways.connect(
            "tax_bureau",
            Gateway(address, tax.directory, key=lambda: NODE, connections=gateways.IN_FLIGHT_MAX),
        )

    yield connect
    for server in servers:
        server.shutdown()
        server.server_close()


def _handler(answering: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            url = f"http://{self.headers['Host']}{self.path}"
            answering(self, Request("POST", url, headers, body))

        def log_message(self, format: str, *args: Any) -> None:
            return None

    return Handler


def ask(**changes: Any) -> calls.Answer:
    given = terms()
    asked = replace(question("tax_payment", given=given), **changes)
    standing = Standing(given.id, consent.Status.ACTIVE, 0, False)
    return calls.ask(Asked(CATALOGUE.item("tax_payment"), asked, standing))


def test_rows_come_with_the_evidence_of_the_call(tax: Office, behind: Any) -> None:
    behind(honest(tax.door))
    answer = ask()
    assert answer.availability is Availability.RECORDS
    assert answer.rows[0]["vat_paid_cny_12m"] == "712400"
    assert answer.exchange is not None
    said = receipt.verify(answer.exchange.receipt, {tax.key.id: tax.key.public})
    assert (said.question, said.rows) == (answer.exchange.question, 1)


def test_four_answers_stay_four(tax: Office, behind: Any) -> None:
    behind(honest(tax.door))
    nobody = replace(FIRM, uscc="91990100MA0000099J")
    given = terms(subject=nobody.uscc)
    standing = Standing(given.id, consent.Status.ACTIVE, 0, False)
    asked = replace(question("tax_payment", given=given), subject=nobody)
    none = calls.ask(Asked(CATALOGUE.item("tax_payment"), asked, standing))
    forged = ask(artefact=artefact(terms(), SigningKey.generate("x")))
    (tax.directory / "store.sqlite").unlink()
    broken = ask()
    said = [(one.availability, one.reason) for one in (none, forged, broken)]
    assert said == [
        (Availability.NO_RECORD, None),
        (Availability.WITHHELD, Reason.CONSENT_FORGED),
        (Availability.PROVIDER_UNAVAILABLE, Reason.PROVIDER_UNAVAILABLE),
    ]


def _hangs(handler: BaseHTTPRequestHandler, request: Request) -> None:
    threading.Event().wait(PATIENCE)


def _breaks_off(handler: BaseHTTPRequestHandler, request: Request) -> None:
    send(handler, b'{"receipt":', length=1000)
    handler.close_connection = True


def _floods(handler: BaseHTTPRequestHandler, request: Request) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 30))
    handler.end_headers()
    chunk = b" " * (1 << 20)
    try:
        for _ in range(1 << 10):
            handler.wfile.write(chunk)
    except OSError:
        handler.close_connection = True


def _redirects(handler: BaseHTTPRequestHandler, request: Request) -> None:
    handler.send_response(307)
    handler.send_header("Location", "http://127.0.0.1:9/")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _babbles(handler: BaseHTTPRequestHandler, request: Request) -> None:
    send(handler, b"<html>welcome</html>")


@pytest.mark.parametrize("answering", [_hangs, _breaks_off, _floods, _redirects, _babbles])
def test_a_gateway_that_fails_is_named_and_harms_nobody(
    behind: Any, answering: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    behind(answering, seconds=0.5)
    with caplog.at_level(logging.WARNING):
        answer = ask()
    assert (answer.availability, answer.rows, answer.exchange) == (
        Availability.PROVIDER_UNAVAILABLE,
        [],
        None,
    )
    assert "tax_bureau" in caplog.text


def _drip(handler: BaseHTTPRequestHandler, piece: bytes) -> None:
    """Say a little at a time, each well within the patience for one read, and three times as long in all."""
    for _ in range(15):
        handler.wfile.write(piece)
        handler.wfile.flush()
        threading.Event().wait(0.1)


def _in_its_body(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(15 + len(body)))
    handler.end_headers()
    _drip(handler, b" ")
    handler.wfile.write(body)


def _in_its_head(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    _drip(handler, b"X-Wait: a moment\r\n")
    handler.wfile.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


def _packed(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """What unpacks to a gigabyte is small on its way, so what nobody asked to be packed is not unpacked."""
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    packed = gzip.compress(body)
    handler.send_header("Content-Length", str(len(packed)))
    handler.end_headers()
    handler.wfile.write(packed)


@pytest.mark.parametrize("sends", [_in_its_body, _in_its_head, _packed])
def test_a_good_answer_that_drips_or_is_packed_is_not_waited_for(
    tax: Office, behind: Any, sends: Callable[[BaseHTTPRequestHandler, bytes], None]
) -> None:
    def answer(handler: BaseHTTPRequestHandler, request: Request) -> None:
        with suppress(OSError):
            sends(handler, tax.door.answer(request).body)

    behind(answer, seconds=0.5)
    assert ask().availability is Availability.PROVIDER_UNAVAILABLE


def _tampering(office: Office, change: Callable[[bytes], bytes]) -> Answering:
    def answer(handler: BaseHTTPRequestHandler, request: Request) -> None:
        send(handler, change(office.door.answer(request).body))

    return answer


def test_changed_rows_are_not_believed(tax: Office, behind: Any) -> None:
    behind(_tampering(tax, lambda body: body.replace(b"712400", b"999999")))
    assert ask().availability is Availability.PROVIDER_UNAVAILABLE


def test_yesterdays_answer_to_another_question_is_not_believed(tax: Office, behind: Any) -> None:
    kept: list[bytes] = []

    def first(body: bytes) -> bytes:
        kept.append(body)
        return kept[0]

    behind(_tampering(tax, first))
    assert ask().availability is Availability.RECORDS
    assert ask().availability is Availability.PROVIDER_UNAVAILABLE


def test_a_foreign_signature_is_not_believed(tax: Office, behind: Any) -> None:
    behind(honest(tax.door))
    stranger = Office(tax.directory, "tax_bureau", {"evidence": "stranger.sqlite"})
    behind(honest(stranger.door))
    (tax.directory / "key.pub.pem").write_text(tax.key.public.pem())
    assert ask().availability is Availability.PROVIDER_UNAVAILABLE
    stranger.close()


def test_after_failures_in_a_row_it_is_left_alone_and_then_tried_once(tax: Office, behind: Any) -> None:
    asked: list[Request] = []

    def fails(handler: BaseHTTPRequestHandler, request: Request) -> None:
        asked.append(request)
        send(handler, b"{}", 500)

    behind(fails)
    for _ in range(breaker.FAILURES + 5):
        assert ask().availability is Availability.PROVIDER_UNAVAILABLE
    assert len(asked) == breaker.FAILURES


def test_the_breaker_lets_one_try_after_its_rest_and_all_when_that_succeeds() -> None:
    now = 0.0
    tested = breaker.Breaker(lambda: now)
    for _ in range(breaker.FAILURES):
        tested.failed()
    assert not tested.admits()
    now += breaker.REST_SECONDS
    assert [tested.admits(), tested.admits()] == [True, False]
    tested.succeeded()
    assert [tested.admits(), tested.admits()] == [True, True]


def test_what_is_signed_is_of_now_and_names_the_node(tax: Office, behind: Any) -> None:
    seen: list[Request] = []

    def look(handler: BaseHTTPRequestHandler, request: Request) -> None:
        seen.append(request)
        honest(tax.door)(handler, request)

    behind(look)
    ask()
    assert NODE.id in seen[0].headers["signature-input"]
    assert f"created={int(NOW.timestamp())}" in seen[0].headers["signature-input"]
