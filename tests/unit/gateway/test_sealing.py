"""Rows leave sealed to the institution's pinned key, in either suite, or they don't leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rongxin.exchange.receipt import Answer
from rongxin.proof import boxes, libcrypto, sm2
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from tests.unit.gateway.stage import Office, question, terms

SUITES = pytest.mark.parametrize("suite", [X25519PrivateKey, sm2.PrivateKey])


@pytest.fixture
def without_sm2(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(libcrypto.VARIABLE, "/nowhere/libcrypto.so.3")
    libcrypto.load.cache_clear()
    yield
    libcrypto.load.cache_clear()


def pin(office: Office, pem: bytes) -> None:
    (office.directory / "institutions").mkdir(exist_ok=True)
    (office.directory / "institutions" / "bank_a.pub.pem").write_bytes(pem)


def ask(office: Office, seal_to: bytes) -> Answer:
    given = terms()
    return office.ask(question("tax_payment", given=given, seal_to=seal_to.decode()), given)


@SUITES
def test_rows_are_sealed_to_the_pinned_key(tax: Office, suite: Any) -> None:
    key = suite.generate()
    pem = boxes.public_text(key.public_key())
    pin(tax, pem)
    answer = ask(tax, pem.replace(b"\n", b"\r\n"))
    assert (answer.rows, answer.receipt.rows) == ([], 1)
    (row,) = json.loads(boxes.open_box(answer.sealed, key, info=boxes.SEALED_ROWS))
    assert row["vat_paid_cny_12m"] == "712400"
    assert b"712400" not in answer.sealed


@SUITES
@pytest.mark.parametrize("pinned", ["another", "junk", "none"])
def test_nothing_leaves_for_a_key_that_is_not_the_pinned_one(tax: Office, suite: Any, pinned: str) -> None:
    another = boxes.public_text(suite.generate().public_key())
    if pinned != "none":
        pin(tax, another if pinned == "another" else b"junk")
    answer = ask(tax, boxes.public_text(suite.generate().public_key()))
    assert (answer.rows, answer.sealed) == ([], b"")
    said = (answer.receipt.availability, answer.receipt.reason)
    assert said == (Availability.WITHHELD, Reason.RECIPIENT_MISMATCH)


def test_a_machine_that_can_not_seal_by_sm2_is_unavailable_and_says_why(
    tax: Office, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    pem = boxes.public_text(sm2.PrivateKey.generate().public_key())
    pin(tax, pem)
    request.getfixturevalue("without_sm2")
    answer = ask(tax, pem)
    assert (answer.receipt.availability, answer.sealed) == (Availability.PROVIDER_UNAVAILABLE, b"")
    assert "psycopg[binary]" in caplog.text


def test_the_institutions_key_file_is_read_as_openssl_or_anybody_ends_its_lines(tmp_path: Path) -> None:
    pem = boxes.public_text(sm2.PrivateKey.generate().public_key())
    assert boxes.public(pem.replace(b"\n", b"\r\n")) == boxes.public(b"note\n" + pem)
