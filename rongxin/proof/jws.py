"""Signed documents as compact JWS (RFC 7515) with Ed25519 (RFC 8037, algorithm name per RFC 9864).

A type that the reader demands, a key id that the reader knows, and the one algorithm of that key: Ed25519, or
SM2 of an institution (`proof.signers`). What the token says about its own key (`jwk`, `jku`, `x5c`) is never
believed: such headers are refused.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from rongxin.proof import canonical
from rongxin.proof.errors import Forged, ProofError
from rongxin.proof.keys import Signs, Verifies, base64url

HEADERS = frozenset({"alg", "kid", "typ"})
TOKEN_BYTES_MAX = 1 << 20


def sign(payload: Mapping[str, object], key: Signs, *, type: str) -> str:
    """Return `payload` as a signed compact token of the given type; the bytes signed are canonical JSON."""
    header = canonical.dumps({"alg": key.algorithm, "kid": key.id, "typ": type})
    stated = f"{base64url(header)}.{base64url(canonical.dumps(payload))}"
    token = f"{stated}.{base64url(key.sign(stated.encode()))}"
    if len(token) > TOKEN_BYTES_MAX:
        raise ProofError(f"a {type} of {len(token)} bytes is too long; sign its digest instead")
    return token


def verify(token: str, keys: Mapping[str, Verifies], *, type: str) -> dict[str, Any]:
    """Return the payload of a token of this type signed by one of these keys; raise `Forged` otherwise."""
    if len(token) > TOKEN_BYTES_MAX:
        raise Forged("the token is longer than any we sign")
    header, payload, signature = _parts(token)
    if header.get("typ") != type:
        raise Forged(f"the token is a {header.get('typ')!r}, not a {type!r}")
    key = keys.get(str(header["kid"]))
    if key is None:
        raise Forged(f"the token is signed by key {header['kid']!r}, which is not known here")
    if header["alg"] != key.algorithm:
        raise Forged(f"algorithm {header['alg']!r} is not {key.algorithm}, the key's")
    if not key.verify(token.rpartition(".")[0].encode(), signature):
        raise Forged("the token's signature doesn't hold")
    return _object(payload, "payload")


def _parts(token: str) -> tuple[dict[str, Any], bytes, bytes]:
    parts = token.split(".")
    if len(parts) != 3:
        raise Forged("a compact JWS has three parts")
    # Decoders skip stray characters and spare bits: unchecked, many spellings pass for one signature.
    stated, payload, signature = (_decode(part) for part in parts)
    header = _object(stated, "header")
    if set(header) != HEADERS:
        raise Forged(f"the header must hold exactly {', '.join(sorted(HEADERS))}")
    return header, payload, signature


def _decode(part: str) -> bytes:
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Forged("a part of the token isn't base64url") from error
    if base64url(data) != part:
        raise Forged("a part of the token isn't in its one base64url form")
    return data


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Forged(f"the token's {what} isn't plain JSON ({error})") from error
    if not isinstance(value, dict):
        raise Forged(f"the token's {what} isn't a JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)
