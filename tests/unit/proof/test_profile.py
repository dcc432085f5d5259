"""The profile `intl`: sealed texts open only where they were put."""

from __future__ import annotations

import pytest

from rongxin.proof.errors import Forged
from rongxin.proof.profile import INTL

SECRET = bytes(range(32))
PLACE = b"records.phone.17"


def test_it_opens_what_it_sealed() -> None:
    assert INTL.open(SECRET, INTL.seal(SECRET, b"13800138000", place=PLACE), place=PLACE) == b"13800138000"


def test_it_never_seals_alike_twice() -> None:
    assert INTL.seal(SECRET, b"x", place=PLACE) != INTL.seal(SECRET, b"x", place=PLACE)


def test_it_refuses_a_sealed_text_moved_to_another_row() -> None:
    sealed = INTL.seal(SECRET, b"13800138000", place=PLACE)
    with pytest.raises(Forged):
        INTL.open(SECRET, sealed, place=b"records.phone.18")


@pytest.mark.parametrize("at", [0, 11, 12, 20, -1])
def test_it_refuses_a_changed_text(at: int) -> None:
    sealed = bytearray(INTL.seal(SECRET, b"13800138000", place=PLACE))
    sealed[at] ^= 1
    with pytest.raises(Forged):
        INTL.open(SECRET, bytes(sealed), place=PLACE)


def test_it_refuses_a_text_too_short_to_be_sealed() -> None:
    with pytest.raises(Forged):
        INTL.open(SECRET, b"short", place=PLACE)


def test_it_takes_no_weak_secret() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        INTL.seal(bytes(16), b"x", place=PLACE)


def test_it_names_and_does_what_it_is_made_of() -> None:
    assert (INTL.name, INTL.signature, INTL.digest, INTL.cipher) == (
        "intl",
        "Ed25519",
        "SHA-256",
        "AES-256-GCM",
    )
    assert INTL.hash(b"").hex().startswith("e3b0c442")
    assert INTL.generate_key("node").name == "node"
