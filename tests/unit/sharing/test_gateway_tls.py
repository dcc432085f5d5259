"""Node and gateway as two processes over TLS: each shows a certificate, and what is wrong is said."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from rongxin.gateway import evidence
from rongxin.proof.keys import SigningKey
from rongxin.sharing.connectors.connector import Asked, Said, Unavailable
from rongxin.sharing.connectors.gateway import Address, Gateway, InvalidAddress
from rongxin.vocabulary.availability import Availability
from tests.meta import house
from tests.unit.gateway.authority import DAY, Authority
from tests.unit.gateway.stage import CATALOGUE, FIRM, NODE, Office, question

PATIENCE = 60  # only a broken build waits as long


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with two authorities and certificates of every kind."""
    directory = tmp_path_factory.mktemp("tls")
    known, other = Authority(directory, "known"), Authority(directory, "other")
    for authority, name, how in (
        (known, "gateway", {}),
        (known, "elsewhere", {"host": "elsewhere.test"}),
        (known, "old_gateway", {"life": -DAY}),
        (known, "node", {}),
        (known, "old_node", {"life": -DAY}),
        (other, "strange_node", {}),
    ):
        authority.issue(name, **how)
    return directory


@pytest.fixture(scope="module")
def url(place: Path) -> Iterator[str]:
    """A gateway's own process that wants a certificate of whoever connects; its files are named from its
    directory, and it runs in another.
    """
    office = Office(place, "tax_bureau")
    office.holds("t(n, code, vat)", (FIRM.name, FIRM.uscc, 712400))
    sql = "SELECT n AS name, code AS uscc, vat AS vat_paid_cny_12m FROM t WHERE code = :uscc"
    office.writes("tax_payment", {"sql": sql})
    (place / "platform").mkdir()
    (place / "platform" / "node.pub.pem").write_text(NODE.public.pem())
    with running(place, "gateway") as url:
        key = SigningKey.load(place / "keys" / "gateway.key.pem")
        (place / "gateway.pub.pem").write_text(key.public.pem())
        yield url


class running:
    """A gateway's process while it serves with one of the certificates."""

    def __init__(self, place: Path, certificate: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._config = place / f"{certificate}.yaml"
        tls = f"{{certificate: {certificate}.crt, key: {certificate}.key, client_authority: known.pem}}"
        self._config.write_text(
            f"provider: tax_bureau\nlisten: 127.0.0.1:{self._port}\nsource: sqlite:///store.sqlite\n"
            f"evidence: {certificate}.sqlite\ntls: {tls}\n"
        )

    def __enter__(self) -> str:
        command = [sys.executable, "-m", "rongxin", "gateway", "serve", "--config", str(self._config)]
        here = {**os.environ, "PYTHONPATH": str(house.ROOT)}
        self._process = subprocess.Popen(command, cwd="/", env=here, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
                return f"https://127.0.0.1:{self._port}"
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the gateway did not begin to serve")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)


def ask(place: Path, url: str, certificate: str = "node", authority: str = "known.pem") -> Said:
    shown = {"certificate": f"{certificate}.crt", "private_key": f"{certificate}.key"} if certificate else {}
    address = Address(
        provider="tax_bureau", url=url, key="gateway.pub.pem", authority=authority, seconds=20, **shown
    )
    node = Gateway(address, place, key=lambda: NODE, connections=1)
    own = {"recipient_kind": "subject", "recipient": "17", "asked_at": datetime.now(UTC)}
    return node.ask(Asked(CATALOGUE.item("tax_payment"), question("tax_payment", **own), None))


def test_both_show_their_certificate_and_the_question_is_answered(place: Path, url: str) -> None:
    said = ask(place, url)
    assert said.availability is Availability.RECORDS
    assert said.rows[0]["vat_paid_cny_12m"] == "712400"


@pytest.mark.parametrize(
    ("certificate", "told"),
    [
        ("", "write `certificate` and `private_key`"),
        ("old_node", "expired on"),
        ("strange_node", "`client_authority` must have issued it"),
    ],
)
def test_a_gateway_answers_nobody_whom_its_authority_did_not_vouch_for(
    place: Path, url: str, certificate: str, told: str
) -> None:
    before = evidence.verify(place / "gateway.sqlite").position
    with pytest.raises(Unavailable) as refused:
        ask(place, url, certificate)
    assert told in str(refused.value)
    assert evidence.verify(place / "gateway.sqlite").position == before


def test_a_node_asks_nobody_whom_its_authority_did_not_vouch_for(place: Path, url: str) -> None:
    with pytest.raises(Unavailable, match="into `authority`"):
        ask(place, url, authority="other.pem")


def test_a_node_asks_nobody_under_another_hosts_certificate(place: Path, url: str) -> None:
    with running(place, "elsewhere") as another, pytest.raises(Unavailable, match="write in `url` a name"):
        ask(place, another)


def test_a_node_asks_nobody_whose_certificate_has_expired(place: Path, url: str) -> None:
    """No gateway begins to serve with one, so a bare server stands in for one that ran on."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(place / "old_gateway.crt", place / "old_gateway.key")
    server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(Unavailable, match="has expired; the provider has to renew it"):
            ask(place, f"https://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no key": ({"certificate": "node.crt"}, "write both"),
    "another's key": ({"certificate": "node.crt", "private_key": "gateway.key"}, "not the certificate's key"),
    "no such file": ({"authority": "gone.pem"}, "gone.pem"),
    "no certificate": ({"authority": "node.key"}, "no certificate in PEM"),
    "plain": ({"url": "http://127.0.0.1:1", "authority": "known.pem"}, "need https://"),
}


@pytest.mark.parametrize("which", WRONG)
def test_files_that_can_not_work_are_named_before_anybody_is_asked(place: Path, url: str, which: str) -> None:
    changed, told = WRONG[which]
    given: dict[str, Any] = {"provider": "tax_bureau", "url": url, "key": "gateway.pub.pem", **changed}
    with pytest.raises(InvalidAddress, match=told):
        Gateway(Address(**given), place, key=lambda: NODE, connections=1)


def test_renewed_certificates_count_from_the_next_connection(place: Path, url: str) -> None:
    Authority(place, "renewing").issue("renewed")
    address = Address(
        provider="tax_bureau", url=url, key="gateway.pub.pem", authority="known.pem", seconds=20,
        certificate="renewed.crt", private_key="renewed.key",
    )  # fmt: skip
    node = Gateway(address, place, key=lambda: NODE, connections=1)
    item = CATALOGUE.item("tax_payment")

    def asked() -> Asked:
        own = {"recipient_kind": "subject", "recipient": "17", "asked_at": datetime.now(UTC)}
        return Asked(item, question("tax_payment", **own), None)

    with pytest.raises(Unavailable):
        node.ask(asked())
    for end in ("crt", "key"):
        (place / f"renewed.{end}").write_bytes((place / f"node.{end}").read_bytes())
    assert node.ask(asked()).availability is Availability.RECORDS
