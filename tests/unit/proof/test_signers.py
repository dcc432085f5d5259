"""Keys of institutions: Ed25519 or SM2, known by their file; SM2 as others write and read it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import gmalg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from gmssl import sm2 as gmssl
from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.proof import client_assertion, jws, signers, sm2
from rongxin.proof.errors import Forged, KeyUnsafe, ProofError
from rongxin.proof.keys import SigningKey
from rongxin.proof.signers import Sm2SigningKey

KEY, OTHER, ED25519 = (
    Sm2SigningKey.generate("bank"),
    Sm2SigningKey.generate("other"),
    SigningKey.generate("bank"),
)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NODE = "https://node.example"


def secret_of(key: Sm2SigningKey) -> bytes:
    start = key.key.der.index(bytes.fromhex("0201010420")) + 5
    return key.key.der[start : start + 32]


@settings(max_examples=20)  # the others are pure Python
@given(data=st.binary(max_size=300))
def test_others_believe_what_we_sign_and_we_believe_what_they_sign(data: bytes) -> None:
    secret, point = secret_of(KEY), KEY.public.key.point
    peer = gmssl.CryptSM2(secret.hex(), point[1:].hex())
    pure = gmalg.SM2(secret, uid=sm2.IDENTIFIER, pk=point)
    signature = KEY.sign(data)
    assert peer.verify_with_sm3(signature.hex(), data)
    assert pure.verify(data, signature[:32], signature[32:])
    assert KEY.public.verify(data, bytes.fromhex(peer.sign_with_sm3(data)))
    numbers = (number.rjust(32, b"\0") for number in pure.sign(data))  # it leaves zeros in front out
    assert KEY.public.verify(data, b"".join(numbers))


@given(data=st.binary(max_size=99), at=st.integers(0, 63), flip=st.integers(1, 255))
def test_a_signature_is_of_one_text_one_key_and_one_form(data: bytes, at: int, flip: int) -> None:
    signature = KEY.sign(data)
    changed = bytearray(signature)
    changed[at] ^= flip
    assert KEY.public.verify(data, signature)
    for wrong in (bytes(changed), signature[:-1], signature + b"\0", bytes(64), b""):
        assert not KEY.public.verify(data, wrong)
    assert not KEY.public.verify(data + b"\0", signature)
    assert not OTHER.public.verify(data, signature)


def test_a_document_goes_by_the_algorithm_of_its_key() -> None:
    token = jws.sign({"a": 1}, KEY, type="receipt")
    keys = {KEY.id: KEY.public, ED25519.id: ED25519.public}
    assert jws.verify(token, keys, type="receipt") == {"a": 1}
    assert json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))["alg"] == "SGD_SM3_SM2"
    for algorithm, key in (("Ed25519", KEY), ("SGD_SM3_SM2", ED25519), ("none", KEY), ("", ED25519)):
        header = json.dumps({"alg": algorithm, "kid": key.id, "typ": "receipt"}, separators=(",", ":"))
        stated = f"{_encode(header.encode())}.{token.split('.')[1]}"
        with pytest.raises(Forged, match="algorithm"):
            jws.verify(f"{stated}.{_encode(key.sign(stated.encode()))}", keys, type="receipt")


@pytest.mark.parametrize("key", [KEY, ED25519], ids=["sm2", "ed25519"])
def test_a_client_says_who_it_is_with_either(key: Sm2SigningKey | SigningKey) -> None:
    token = client_assertion.make("api-bank", key, audience=NODE, now=NOW)
    keys = {"api-bank": {key.id: key.public}}
    assert client_assertion.verify(token, lambda who: keys[who], audience=NODE, now=NOW).client == "api-bank"
    stated, _, signature = token.rpartition(".")
    for wrong in (f"{stated}.{signature[:-4]}AAAA", f"{stated}.", stated):
        with pytest.raises(Forged):
            client_assertion.verify(wrong, lambda who: keys[who], audience=NODE, now=NOW)
    with pytest.raises(Forged):
        client_assertion.verify(token, lambda who: keys[who], audience="https://other.example", now=NOW)


def test_a_file_says_which_kind_of_key_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "bank.key.pem"
    path.touch(0o600)
    for key, pem in ((KEY, KEY.key.pem()), (ED25519, _ed25519_pem())):
        path.write_bytes(pem)
        loaded = signers.load(path)
        assert (loaded.id, loaded.algorithm) == (key.id, key.algorithm)
        assert signers.read_public(key.public.pem()).id == key.id
    path.chmod(0o644)
    with pytest.raises(KeyUnsafe):
        signers.load(path)
    assert "PRIVATE" not in repr(KEY)
    assert secret_of(KEY).hex() not in repr(KEY)


def test_what_is_no_such_key_is_refused() -> None:
    prime = ec.generate_private_key(ec.SECP256R1())
    spki = prime.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    point = KEY.public.key.point
    short = KEY.public.key.der[:-65] + bytes([2 + point[-1] % 2]) + point[1:33]
    compressed = bytearray(short)
    compressed[1] -= 32
    compressed[short.index(b"\x03\x42\x00") + 1] -= 32
    for wrong in (spki, "", KEY.public.pem()[:-40], sm2.PublicKey(bytes(compressed)).pem().decode()):
        with pytest.raises(ProofError):
            signers.read_public(wrong)


def _ed25519_pem() -> bytes:
    return ED25519.cryptography.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
