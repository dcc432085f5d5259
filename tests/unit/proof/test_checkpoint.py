"""Checkpoints: the form that witnesses of other logs read, and what is no checkpoint."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rongxin.proof import checkpoint
from rongxin.proof.checkpoint import Checkpoint
from rongxin.proof.errors import Forged, ProofError
from rongxin.proof.keys import SigningKey

KEY = SigningKey.generate("journal")
ORIGIN = "node.example/journal"
HEAD = Checkpoint(ORIGIN, 7, bytes(range(32)), datetime(2026, 3, 1, 9, tzinfo=UTC), 3)
NOTE = HEAD.sign(KEY)


def verify(note: str) -> Checkpoint:
    return checkpoint.verify(note, [KEY.public], origin=ORIGIN)


def test_it_signs_as_the_signed_note_of_the_go_project_does() -> None:
    # The key, text and signature that implementations of signed notes share as test data (x/mod/sumdb/note).
    skey = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    seed = base64.b64decode(skey)[1:]
    key = SigningKey("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    assert checkpoint.key_hash("PeterNeumann", key.public).hex() == "c74f20a3"
    assert checkpoint.signature_line("PeterNeumann", text, key) == (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ry"
        "yBwJnAM=\n"
    )


def test_it_has_origin_size_root_and_our_line() -> None:
    root = base64.b64encode(bytes(range(32))).decode()
    assert HEAD.encode() == f"{ORIGIN}\n7\n{root}\n3 2026-03-01T09:00:00.000000Z\n"
    assert NOTE.startswith(HEAD.encode() + f"\n— {ORIGIN} ")


def test_it_comes_back_from_its_note() -> None:
    assert verify(NOTE) == checkpoint.parse(NOTE) == HEAD


def test_it_passes_over_the_signatures_of_others() -> None:
    witness = SigningKey.generate("witness")
    note = NOTE + checkpoint.signature_line("auditor.example", HEAD.encode(), witness)
    assert verify(note) == HEAD
    assert checkpoint.signed(note, "auditor.example", [witness.public])
    assert not checkpoint.signed(NOTE, "auditor.example", [witness.public])


def test_it_refuses_a_note_of_another_log_or_key() -> None:
    with pytest.raises(Forged, match="not of"):
        checkpoint.verify(NOTE, [KEY.public], origin="other.example/journal")
    with pytest.raises(Forged, match="no key"):
        checkpoint.verify(NOTE, [SigningKey.generate("journal").public], origin=ORIGIN)


def test_it_refuses_a_wrong_signature_beside_a_right_one() -> None:
    wrong = checkpoint.signature_line(ORIGIN, "another text", KEY)
    with pytest.raises(Forged):
        verify(NOTE + wrong)


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "节点", "line\nbreak"])
def test_it_is_not_made_for_an_origin_that_would_change_its_form(origin: str) -> None:
    with pytest.raises(ProofError, match="origin"):
        Checkpoint(origin, 1, bytes(32), HEAD.at).encode()


@pytest.mark.parametrize(
    ("size", "root", "number"), [(-1, bytes(32), 1), (1, bytes(31), 1), (1, bytes(32), 0)]
)
def test_it_is_not_made_of_what_no_tree_has(size: int, root: bytes, number: int) -> None:
    with pytest.raises(ProofError):
        Checkpoint(ORIGIN, size, root, HEAD.at, number).encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n7\n", "\n07\n"),
        ("\n7\n", "\n-7\n"),
        ("\n7\n", "\n٧\n"),
        ("\n3 2026", "\n03 2026"),
        ("2026-03-01", "2026-02-30"),
        ("T09:", "T9:"),
        ("Z\n\n", "Z\nextra\n\n"),
        ("\n\n—", "\n—"),
        ("— ", "- "),
        ("\n7\n", "\n\n7\n"),
    ],
)
def test_it_reads_no_other_form(old: str, new: str) -> None:
    assert old in NOTE
    with pytest.raises(Forged):
        checkpoint.parse(NOTE.replace(old, new, 1))


def test_it_refuses_another_spelling_of_the_same_signature() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert NOTE.endswith("=\n")
    last = alphabet.index(NOTE[-3])  # 68 bytes leave two spare bits in the last letter
    for bits in {0, 1, 2, 3} - {last & 3}:
        with pytest.raises(Forged, match="one base64 form"):
            verify(NOTE[:-3] + alphabet[last & ~3 | bits] + "=\n")


def test_it_accepts_none_of_a_thousand_mutants() -> None:
    rng = random.Random(20260304)
    for _ in range(1_000):
        at = rng.randrange(len(NOTE))
        mutant = NOTE[:at] + chr(ord(NOTE[at]) ^ (1 << rng.randrange(7))) + NOTE[at + 1 :]
        with pytest.raises(Forged):
            verify(mutant)
