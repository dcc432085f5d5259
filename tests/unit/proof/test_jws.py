"""Signed documents: what was signed comes back, and ten thousand forgeries don't."""

from __future__ import annotations

import base64
import hmac
import json
import random
from hashlib import sha256

import pytest
from joserfc import jws as jose
from joserfc.jwk import OKPKey

from rongxin.proof import jws
from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey

KEY = SigningKey.generate("node")
OTHER = SigningKey.generate("other")
KEYS = {KEY.id: KEY.public}
PAYLOAD = {"subject": "91", "items": ["tax"], "name": "融信"}
TYPE = "consent+jws"


def encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def token_with(header: dict[str, object], key: SigningKey = KEY) -> str:
    signed = f"{encode(header)}.{encode(PAYLOAD)}"
    signature = base64.urlsafe_b64encode(key.sign(signed.encode())).rstrip(b"=").decode()
    return f"{signed}.{signature}"


def test_it_gives_back_what_was_signed() -> None:
    token = jws.sign(PAYLOAD, KEY, type=TYPE)
    assert jws.verify(token, KEYS, type=TYPE) == PAYLOAD


def test_it_names_algorithm_key_and_type_in_the_header() -> None:
    header = jws.sign(PAYLOAD, KEY, type=TYPE).split(".")[0]
    decoded = json.loads(base64.urlsafe_b64decode(header + "=="))
    assert decoded == {"alg": "Ed25519", "kid": KEY.id, "typ": TYPE}


def test_it_carries_a_long_document() -> None:
    payload = {"rows": ["x" * 1_000] * 300}
    assert jws.verify(jws.sign(payload, KEY, type=TYPE), KEYS, type=TYPE) == payload


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": KEY.id, "typ": TYPE},
        {"alg": "EdDSA", "kid": KEY.id, "typ": TYPE},
        {"alg": "HS256", "kid": KEY.id, "typ": TYPE},
        {"alg": "Ed25519", "kid": KEY.id, "typ": "receipt+jws"},
        {"alg": "Ed25519", "kid": KEY.id},
        {"alg": "Ed25519", "kid": OTHER.id, "typ": TYPE},
        {"alg": "Ed25519", "kid": "../../etc/passwd", "typ": TYPE},
        {"alg": "Ed25519", "kid": [KEY.id], "typ": TYPE},
        {"alg": "Ed25519", "typ": TYPE},
        {"alg": "Ed25519", "kid": KEY.id, "typ": TYPE, "crit": ["exp"], "exp": 1},
        {"alg": "Ed25519", "kid": KEY.id, "typ": TYPE, "jwk": {"kty": "OKP"}},
        {"alg": "Ed25519", "kid": KEY.id, "typ": TYPE, "b64": False},
        {"alg": ["Ed25519"], "kid": KEY.id, "typ": TYPE},
    ],
)
def test_it_refuses_a_header_that_is_not_ours_though_rightly_signed(header: dict[str, object]) -> None:
    with pytest.raises(Forged):
        jws.verify(token_with(header), KEYS, type=TYPE)


def test_it_refuses_another_key_under_our_key_id() -> None:
    token = token_with({"alg": "Ed25519", "kid": KEY.id, "typ": TYPE}, OTHER)
    with pytest.raises(Forged, match="signature"):
        jws.verify(token, KEYS, type=TYPE)


def test_it_refuses_the_public_key_used_as_a_shared_secret() -> None:
    signed = f"{encode({'alg': 'HS256', 'kid': KEY.id, 'typ': TYPE})}.{encode(PAYLOAD)}"
    mac = hmac.new(KEY.public.pem().encode(), signed.encode(), sha256).digest()
    token = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    with pytest.raises(Forged, match="algorithm"):
        jws.verify(token, KEYS, type=TYPE)


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c.d", "..", "e30.e30.", "!.!.!", "e30=.e30=.AA==", "W10.W10.W10"]
)
def test_it_refuses_what_is_no_token(token: str) -> None:
    with pytest.raises(Forged):
        jws.verify(token, KEYS, type=TYPE)


def test_it_refuses_a_payload_with_a_key_twice() -> None:
    payload = base64.urlsafe_b64encode(b'{"a":1,"a":2}').rstrip(b"=").decode()
    signed = f"{encode({'alg': 'Ed25519', 'kid': KEY.id, 'typ': TYPE})}.{payload}"
    signature = base64.urlsafe_b64encode(KEY.sign(signed.encode())).rstrip(b"=").decode()
    with pytest.raises(Forged, match="twice"):
        jws.verify(f"{signed}.{signature}", KEYS, type=TYPE)


def test_it_refuses_another_spelling_of_the_same_signature() -> None:
    token = jws.sign(PAYLOAD, KEY, type=TYPE)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(token[-1])  # 64 bytes leave four spare bits in the last letter
    others = [token[:-1] + alphabet[last & ~15 | bits] for bits in range(16)]
    assert token in others
    for spelling in {*others, token + "=", token + "==", token + "\n"} - {token}:
        with pytest.raises(Forged):
            jws.verify(spelling, KEYS, type=TYPE)


def test_it_accepts_none_of_ten_thousand_mutants() -> None:
    rng = random.Random(20260303)
    token = jws.sign(PAYLOAD, KEY, type=TYPE)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/ \n"
    for _ in range(10_000):
        at = rng.randrange(len(token))
        kind = rng.randrange(3)
        letter = rng.choice(alphabet)
        mutant = (
            token[:at] + letter + token[at + 1 :]
            if kind == 0
            else token[:at] + token[at + 1 :]
            if kind == 1
            else token[:at] + letter + token[at:]
        )
        if mutant == token:
            continue
        with pytest.raises(Forged):
            jws.verify(mutant, KEYS, type=TYPE)


def test_other_implementations_read_our_tokens_and_write_what_we_read() -> None:
    registry = jose.JWSRegistry(algorithms=["Ed25519"])
    token = jws.sign(PAYLOAD, KEY, type=TYPE)
    read = jose.deserialize_compact(token, OKPKey.import_key(KEY.public.cryptography), registry=registry)
    assert json.loads(read.payload) == PAYLOAD
    header = {"alg": "Ed25519", "kid": KEY.id, "typ": TYPE}
    written = jose.serialize_compact(
        header, json.dumps(PAYLOAD).encode(), OKPKey.import_key(KEY.cryptography), registry=registry
    )
    assert jws.verify(written, KEYS, type=TYPE) == PAYLOAD
