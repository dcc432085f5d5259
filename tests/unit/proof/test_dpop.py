"""Proofs of possession: only for this request, this moment and this token."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jws as jose
from joserfc.jwk import ECKey, OctKey, OKPKey

from rongxin.proof import client_assertion, dpop
from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
URL = "https://node.test/api/v1/reports"


def prove(key: dpop.Key, **changes: object) -> str:
    given = {"method": "POST", "url": URL, "now": NOW, **changes}
    return key.prove(given.pop("method"), given.pop("url"), **given)  # type: ignore[arg-type]


def forge(header: dict, claims: dict | None = None, key: object = None) -> str:
    made = key or OKPKey.generate_key("Ed25519")
    said = {"jti": "12345678", "htm": "POST", "htu": URL, "iat": int(NOW.timestamp()), **(claims or {})}
    full = {"alg": "Ed25519", "typ": dpop.TYPE, "jwk": made.as_dict(private=False), **header}
    registry = jose.JWSRegistry(algorithms=["Ed25519", "EdDSA", "ES256", "HS256"])
    return jose.serialize_compact(full, json.dumps(said).encode(), made, registry=registry)


def raw(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def check(proof: str, **changes: object) -> dpop.Proof:
    given = {"method": "POST", "url": URL, "now": NOW, **changes}
    return dpop.verify(proof, **given)  # type: ignore[arg-type]


def test_a_proof_shows_the_key_and_its_number() -> None:
    key = dpop.Key()
    shown = check(prove(key), url=f"{URL}?a=1#b")
    assert shown.thumbprint == key.thumbprint
    assert check(prove(key)).number != shown.number
    assert check(prove(key, token="t"), token="t").thumbprint == key.thumbprint


def test_an_ordinary_clients_key_is_taken_too() -> None:
    key = ECKey.generate_key("P-256")
    assert check(forge({"alg": "ES256"}, key=key)).thumbprint == key.thumbprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"url": URL + "/x"},
        {"url": "https://other.test/api/v1/reports"},
        {"now": NOW + timedelta(seconds=61)},
        {"now": NOW - timedelta(seconds=61)},
        {"token": "t"},
    ],
    ids=str,
)
def test_it_is_for_this_request_only(changes: dict) -> None:
    with pytest.raises(Forged):
        check(prove(dpop.Key()), **changes)


def test_what_the_header_says_opens_nothing() -> None:
    secret, other = OctKey.generate_key(256), OKPKey.generate_key("Ed25519")
    own = OKPKey.generate_key("Ed25519")
    forged = [
        forge({"alg": "HS256", "jwk": {"kty": "oct"}}, key=secret),
        forge({"typ": "JWT"}),
        forge({"jwk": other.as_dict(private=False)}, key=own),
        forge({"jwk": own.as_dict(private=True)}, key=own),
        forge({}, {"jti": "short"}),
        forge({}, {"iat": "soon"}),
        "a.b.c",
        *(f"{raw(head)}.{raw(b'{}')}.AAAA" for head in (b"[]", b"null", b'"a"', b"[" * 2900)),
        forge({}, {"jti": "\ud800" * 8}),
        "",
        "x" * 5000,
    ]
    for proof in forged:
        with pytest.raises(Forged):
            check(proof)


def test_no_flipped_byte_passes() -> None:
    proof = prove(dpop.Key())
    head, payload, signature = proof.split(".")
    for number in range(0, len(payload), 7):
        swapped = "A" if payload[number] != "A" else "B"
        mutated = f"{head}.{payload[:number]}{swapped}{payload[number + 1 :]}.{signature}"
        with pytest.raises(Forged):
            check(mutated)


KEY = SigningKey.generate("bank_a")


def assertion(**changes: object) -> str:
    token = client_assertion.make("api-bank", KEY, audience="https://node.test", now=NOW)
    if not changes:
        return token
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) | changes
    header = {"alg": "Ed25519", "kid": KEY.id, "typ": "JWT"}
    private = OKPKey.import_key(KEY.cryptography)
    registry = jose.JWSRegistry(algorithms=["Ed25519"])
    return jose.serialize_compact(header, json.dumps(claims).encode(), private, registry=registry)


def identify(token: str, **changes: object) -> client_assertion.Assertion:
    keys = {"api-bank": {KEY.id: KEY.public}}
    given = {"audience": "https://node.test", "now": NOW, **changes}
    return client_assertion.verify(token, lambda client: keys.get(client, {}), **given)  # type: ignore[arg-type]


def test_a_client_says_who_it_is() -> None:
    assert identify(assertion()).client == "api-bank"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.test"},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"exp": int(NOW.timestamp()) - 60},
        {"exp": int(NOW.timestamp()) + 3600},
        {"exp": None},
        {"jti": ""},
        {"sub": "a\u0000", "iss": "a\u0000"},
    ],
    ids=str,
)
def test_an_assertion_is_for_here_and_now(changes: dict) -> None:
    with pytest.raises(Forged):
        identify(assertion(**changes))


def test_a_key_of_somebody_else_signs_for_nobody() -> None:
    stranger = client_assertion.make(
        "api-bank", SigningKey.generate("x"), audience="https://node.test", now=NOW
    )
    with pytest.raises(Forged):
        identify(stranger)
    with pytest.raises(Forged):
        identify(assertion(), now=NOW + timedelta(minutes=10))
