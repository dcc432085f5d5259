"""One attempt, against real servers on this machine: TLS in the name of the host, at the checked address."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rongxin.delivery.webhooks import sending
from rongxin.delivery.webhooks.addresses import Reach
from rongxin.delivery.webhooks.rules import Outcome, Result
from rongxin.delivery.webhooks.sending import Way
from tests.unit.delivery.webhooks import receiver as receivers

NAME = "hooks.bank.example"
BODY = '{"data":{},"type":"consent.withdrawn"}'
HEADERS = {"webhook-id": "msg_1"}


def leading_to(*found: str):
    """A resolver that counts how often it is asked and gives each answer in turn, the last for ever."""

    def resolver(host: str, port: int, **more: object) -> list[object]:
        resolver.asked.append(host)
        address = found[min(len(resolver.asked), len(found)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    resolver.asked = []
    return resolver


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of the bank's name, and its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "bank.pem"
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def bank(certificate):
    """The bank's receiver behind TLS; `seen` are the names that were asked for in the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen: list[str | None] = []
    context.sni_callback = lambda sock, name, context: seen.append(name)
    with receivers.listening(context) as there:
        there.seen = seen
        yield there


def way(there, certificate="", *addresses: str, seconds: float = 5.0) -> Way:
    """A way to this machine such as no node's settings give: tests have no other."""
    reach = Reach(frozenset({there.port}), (ip_network("127.0.0.0/8"),))
    return Way(reach, seconds, 4096, 3600, str(certificate), leading_to(*(addresses or ("127.0.0.1",))))


def plain(there, *, seconds: float = 5.0) -> Way:
    return Way(Reach(frozenset(), plain_loopback=True), seconds, 4096, 3600)


def _post(way: Way, there, *, host: str = NAME, challenge: str = "") -> Outcome:
    return sending.post(way, f"https://{host}:{there.port}/in?a=1", HEADERS, BODY, challenge=challenge)


def test_it_posts_to_the_checked_address_in_the_name_of_the_host(bank, certificate):
    assert _post(way(bank, certificate), bank) == Outcome(Result.ACCEPTED, 200)
    (got,) = bank.got
    assert (got.path, got.body.decode()) == ("/in?a=1", BODY)
    assert got.headers["host"] == f"{NAME}:{bank.port}"
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert bank.seen == [NAME]


def test_a_name_that_changes_its_address_after_the_check_gains_nothing(bank, certificate):
    rebinding = way(bank, certificate, "127.0.0.1", "10.0.0.1")
    assert _post(rebinding, bank).result is Result.ACCEPTED
    assert rebinding.resolver.asked == [NAME]  # once: what was checked is what was connected to
    assert _post(rebinding, bank).result is Result.ADDRESS_REFUSED
    assert len(bank.got) == 1


def test_a_private_address_is_not_connected_to(bank, certificate):
    shut = way(bank, certificate)
    shut = replace(shut, reach=replace(shut.reach, networks=()))
    assert _post(shut, bank).result is Result.ADDRESS_REFUSED
    assert bank.got == []
    assert bank.seen == []


def test_a_certificate_of_another_name_or_authority_is_not_believed(bank, certificate):
    assert _post(way(bank, certificate), bank, host="other.bank.example").result is Result.TLS_FAILED
    assert _post(way(bank), bank).result is Result.TLS_FAILED
    assert bank.got == []


def test_a_redirect_is_not_followed(bank, certificate):
    with receivers.listening() as inside:
        bank.answer = lambda handler, got: receivers.reply(handler, 307, Location=inside.url)
        assert _post(way(bank, certificate), bank) == Outcome(Result.REDIRECTED, 307)
        assert inside.got == []


def test_an_unfit_url_or_an_unknown_name_is_an_outcome():
    def unknown(*words: object, **more: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    nowhere = Way(Reach(frozenset({443})), 1, 10, 10, resolver=unknown)
    assert sending.post(nowhere, "https://10.0.0.1/", {}, BODY).result is Result.URL_REFUSED
    assert sending.post(nowhere, "https://bank.example/", {}, BODY).result is Result.NAME_UNKNOWN


def test_nobody_listening_is_an_outcome():
    with receivers.listening() as there:
        url = there.url
    assert sending.post(plain(there), url, {}, BODY).result is Result.UNREACHABLE


@dataclass(frozen=True)
class _At:
    port: int


@contextlib.contextmanager
def _dripping(first: bytes) -> Iterator[int]:
    """Say `first` to one caller and then a letter at a time, until it hangs up; it must have, at the end."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        caller, _ = listener.accept()
        with caller, contextlib.suppress(OSError):
            caller.sendall(first)
            while True:
                caller.sendall(b"H")
                time.sleep(0.05)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
        thread.join(5)
        assert not thread.is_alive()
    finally:
        listener.close()


@pytest.mark.parametrize(
    ("first", "result"),
    [
        (b"", Result.TIMED_OUT),
        (b"HTTP/1.1 200 OK\r\nA: ", Result.ACCEPTED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", Result.ACCEPTED),
    ],
)
def test_a_receiver_that_drips_is_cut_off_in_time(first, result):
    with _dripping(first) as port:
        outcome = sending.post(plain(None, seconds=0.4), f"http://127.0.0.1:{port}/", {}, BODY)
    assert outcome.result is result


def test_a_receiver_that_drips_its_handshake_is_cut_off_in_time():
    with _dripping(b"\x16\x03\x03\x40\x00") as port:  # a record of 16 KiB begins
        began = time.monotonic()
        outcome = _post(way(_At(port), seconds=0.4), _At(port))
    assert outcome.result is Result.TIMED_OUT
    assert time.monotonic() - began < 5


def test_a_receiver_that_drips_its_answer_behind_tls_is_cut_off_in_time(bank, certificate):
    def drip(handler, got) -> None:
        with contextlib.suppress(OSError):
            handler.wfile.write(b"H")
            while True:
                handler.wfile.write(b"H")
                time.sleep(0.05)

    bank.answer = drip
    began = time.monotonic()
    assert _post(way(bank, certificate, seconds=0.6), bank).result is Result.TIMED_OUT
    assert time.monotonic() - began < 5


def test_only_the_beginning_of_a_long_answer_is_read(bank, certificate):
    sent = []

    def endless(handler, got) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"x" * 65536)
            sent.append(65536)

    bank.answer = endless
    assert _post(way(bank, certificate), bank) == Outcome(Result.ACCEPTED, 200)
    assert sum(sent) < 30 << 20


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (204, {}, Outcome(Result.ACCEPTED, 204)),
        (410, {}, Outcome(Result.GONE, 410)),
        (500, {"Retry-After": "60"}, Outcome(Result.ANSWERED, 500)),
        (429, {"Retry-After": "60"}, Outcome(Result.ANSWERED, 429, 60)),
        (503, {"Retry-After": "9999999"}, Outcome(Result.ANSWERED, 503, 3600)),
        (503, {"Retry-After": "-5"}, Outcome(Result.ANSWERED, 503, None)),
        (503, {"Retry-After": "soon"}, Outcome(Result.ANSWERED, 503, None)),
        (503, {"Retry-After": format_datetime(datetime(2000, 1, 1, tzinfo=UTC), usegmt=True)},
         Outcome(Result.ANSWERED, 503, 0)),
    ],
)  # fmt: skip
def test_it_says_what_the_receiver_answered(status, headers, outcome):
    with receivers.listening() as there:
        there.answer = lambda handler, got: receivers.reply(handler, status, **headers)
        assert sending.post(plain(there), there.url, {}, BODY) == outcome


@pytest.mark.parametrize("answer", [b"", b"ok", b"[]", b'{"challenge": "other"}', b'{"challenge": null}'])
def test_a_challenge_is_met_by_its_word_alone(answer):
    with receivers.listening() as there:
        there.answer = lambda handler, got: receivers.reply(handler, 200, answer)
        outcome = sending.post(plain(there), there.url, {}, BODY, challenge="word")
        assert outcome == Outcome(Result.CHALLENGE_UNMET, 200)
        there.answer = lambda handler, got: receivers.reply(handler, 200, b'{"challenge": "word"}')
        assert sending.post(plain(there), there.url, {}, BODY, challenge="word").delivered
