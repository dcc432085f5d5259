"""How a machine says who it is with its own key: `private_key_jwt` (RFC 7523), as FAPI 2.0 wants it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from joserfc import jws as jose
from joserfc.jwk import OKPKey

from rongxin.proof import foreign_tokens, jws, signers
from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey, Signs, Verifies, VerifyingKey

FORM = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPE = "JWT"
#: By the JOSE library. It knows no SM2: an assertion of such a key is signed and read by `proof.jws`.
_BY_LIBRARY = ("Ed25519", "EdDSA")
ALGORITHMS = (*_BY_LIBRARY, signers.ALGORITHM)
LIFE_MAX = timedelta(minutes=5)
SKEW = timedelta(seconds=30)


@dataclass(frozen=True)
class Assertion:
    """Who asks, and the number under which it may ask once, until when."""

    client: str
    number: str
    expires_at: datetime


def make(client: str, key: Signs, *, audience: str, now: datetime) -> str:
    """Return an assertion of a client for one use within a minute."""
    claims = {
        "iss": client,
        "sub": client,
        "aud": audience,
        "jti": str(uuid4()),
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + 60,
    }
    if not isinstance(key, SigningKey):
        return jws.sign(claims, key, type=TYPE)
    header = {"alg": key.algorithm, "kid": key.id, "typ": TYPE}
    private = OKPKey.import_key(key.cryptography)
    return jose.serialize_compact(header, json.dumps(claims).encode(), private, registry=_registry())


def verify(
    token: str, keys_of: Callable[[str], Mapping[str, Verifies]], *, audience: str, now: datetime
) -> Assertion:
    """Return who asks; `keys_of` names the keys of a client, none of a stranger. Raises `Forged`."""
    foreign_tokens.check_length(token)
    try:
        header, said = (foreign_tokens.part(token, number) for number in (0, 1))
        client = said["sub"]
        if not isinstance(client, str) or not client.isprintable():
            raise ValueError("sub must be the client's name")
        key = keys_of(client).get(str(header["kid"]))
        if key is None:
            raise Forged("no such client, or the key that signs is none of its keys")
        return _checked(_claims(token, key), audience=audience, now=now)
    except foreign_tokens.UNREADABLE as error:
        raise Forged(f"no client assertion that holds ({error!r})") from error


def _claims(token: str, key: Verifies) -> dict[str, Any]:
    if not isinstance(key, VerifyingKey):
        return jws.verify(token, {key.id: key}, type=TYPE)
    public = OKPKey.import_key(key.cryptography)
    claims: dict[str, Any] = json.loads(jose.deserialize_compact(token, public, registry=_registry()).payload)
    return claims


def _checked(claims: Mapping[str, Any], *, audience: str, now: datetime) -> Assertion:
    expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
    if claims["iss"] != claims["sub"]:
        raise ValueError("iss and sub must both be the client")
    if claims["aud"] not in (audience, [audience]):
        raise ValueError(f"aud must be {audience}")
    if not now - SKEW < expires_at <= now + LIFE_MAX + SKEW:
        raise ValueError(f"exp must lie within {LIFE_MAX.seconds} s of {now.isoformat()}")
    number = str(claims["jti"])
    foreign_tokens.check_number(number)
    return Assertion(str(claims["sub"]), number, expires_at)


def _registry() -> jose.JWSRegistry:
    return jose.JWSRegistry(algorithms=list(_BY_LIBRARY))
