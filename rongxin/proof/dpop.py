"""Proof of possession at every request (RFC 9449): a token is worth nothing without the key it was given to.

A proof names method, address and moment, is used once, and carries its own public key: that one is believed,
because the token names its thumbprint (RFC 7638). What a token says of its key is believed nowhere else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from joserfc import jws as jose
from joserfc.jwk import ECKey, OKPKey

from rongxin.proof import foreign_tokens
from rongxin.proof.errors import Forged

TYPE = "dpop+jwt"
#: By FAPI 2.0 (§5.4); `EdDSA` is the older name of Ed25519 (RFC 9864).
ALGORITHMS = ("Ed25519", "EdDSA", "ES256")
#: How far a proof's moment may stand from this machine's clock.
WINDOW = timedelta(seconds=60)


@dataclass(frozen=True)
class Proof:
    """What a proof shows: by which key (thumbprint), and its number, to be used once."""

    thumbprint: str
    number: str
    made_at: datetime


class Key:
    """A client's own key of one session; `thumbprint` is what a token is bound to."""

    def __init__(self) -> None:
        self._key = OKPKey.generate_key("Ed25519", private=True)

    @property
    def thumbprint(self) -> str:
        return self._key.thumbprint()

    def prove(self, method: str, url: str, *, now: datetime, token: str = "") -> str:
        """Return the proof for one request; with a token also of that token."""
        header = {"alg": "Ed25519", "typ": TYPE, "jwk": self._key.as_dict(private=False)}
        claims: dict[str, Any] = {
            "jti": str(uuid4()),
            "htm": method,
            "htu": place(url),
            "iat": int(now.timestamp()),
        }
        if token:
            claims["ath"] = _hash(token)
        return jose.serialize_compact(header, json.dumps(claims).encode(), self._key, registry=_registry())


def verify(proof: str, *, method: str, url: str, now: datetime, token: str = "") -> Proof:
    """Return what a proof shows; raises `Forged` where it is for another request, another hour or token."""
    foreign_tokens.check_length(proof)
    try:
        header = foreign_tokens.part(proof, 0)
        key = _public(header)
        claims = json.loads(jose.deserialize_compact(proof, key, registry=_registry()).payload)
        made_at = datetime.fromtimestamp(int(claims["iat"]), UTC)
        number, said = str(claims["jti"]), (claims["htm"], place(str(claims["htu"])))
    except foreign_tokens.UNREADABLE as error:
        raise Forged(f"no DPoP proof that holds ({error!r})") from error
    if said != (method, place(url)):
        raise Forged(f"the proof is for {said[0]} {said[1]}, not for {method} {place(url)}")
    if abs(now - made_at) > WINDOW:
        raise Forged(f"the proof was made at {made_at.isoformat()}, and here it is {now.isoformat()}")
    if token and claims.get("ath") != _hash(token):
        raise Forged("the proof is not for this token")
    foreign_tokens.check_number(number)
    return Proof(key.thumbprint(), number, made_at)


def place(url: str) -> str:
    """Return an address without query and fragment, as proofs name it."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path}"


def _public(header: Mapping[str, Any]) -> OKPKey | ECKey:
    if header.get("typ") != TYPE or header.get("alg") not in ALGORITHMS:
        raise ValueError(f"a proof is a {TYPE} by {' or '.join(ALGORITHMS)}")
    jwk = header["jwk"]
    if not isinstance(jwk, dict) or "d" in jwk:
        raise ValueError("the proof must carry a public key, and only a public one")
    if (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519"):
        return OKPKey.import_key(jwk)
    if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
        return ECKey.import_key(jwk)
    raise ValueError("the key must be Ed25519 or P-256")


def _registry() -> jose.JWSRegistry:
    return jose.JWSRegistry(algorithms=list(ALGORITHMS))


def _hash(token: str) -> str:
    return base64.urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
