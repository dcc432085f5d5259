"""Signed HTTP requests (RFC 9421 with Ed25519, body bound by Content-Digest, RFC 9530).

One signature, one algorithm, one tag, a fixed list of what is covered: method, authority, path, query, type
and digest of the body. What the message says of its own algorithm is compared, never followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from rongxin.proof import canonical
from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey, VerifyingKey

COVERED = ("@method", "@authority", "@path", "@query", "content-type", "content-digest")
_LABEL = "rongxin"
_PARAMETERS = frozenset({"created", "keyid", "nonce", "tag", "alg"})


@dataclass
class Request:
    """A request as it is sent or as it came: the exact bytes of its body, the headers by lower-case name."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Signed:
    """Who signed a request, when, and the number that it may be used under once."""

    key: str
    created: datetime
    nonce: str


def keep(request: Request) -> bytes:
    """Return a signed request as it is kept: whoever has it can check its signature years later."""
    return canonical.dumps(
        {
            "method": request.method,
            "url": request.url,
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": request.body.decode(),
        }
    )


def kept(data: bytes) -> Request:
    """Return the request that `keep` wrote."""
    document = orjson.loads(data)
    return Request(document["method"], document["url"], document["headers"], document["body"].encode())


def sign(request: Request, key: SigningKey, *, tag: str, nonce: str, created: datetime) -> None:
    """Put Content-Digest, Signature-Input and Signature into the request's headers."""
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Signing(key)).sign(
        request,
        key_id=key.id,
        created=created,
        nonce=nonce,
        label=_LABEL,
        tag=tag,
        covered_component_ids=COVERED,
        body=request.body,
    )


def verify(
    request: Request, keys: Mapping[str, VerifyingKey], *, tag: str, now: datetime, window: timedelta
) -> Signed:
    """Return who signed; raises `Forged` where the signature doesn't hold, covers less, or isn't of now."""
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Verifying(keys))
    try:
        (found,) = verifier.verify(
            request, max_age=None, expect_tag=tag, require_components=COVERED, body=request.body
        )
    except (HTTPMessageSignaturesException, ValueError, UnicodeError) as error:
        raise Forged(f"the request's signature doesn't hold ({error})") from error
    if found.body is None:
        raise Forged("the request's signature doesn't cover its body")
    if set(found.parameters) != _PARAMETERS:
        raise Forged(f"a signature states exactly {', '.join(sorted(_PARAMETERS))}")
    created = datetime.fromtimestamp(int(found.parameters["created"]), UTC)
    if abs(now - created) > window:
        raise Forged(f"the request was signed at {created.isoformat()}, and here it is {now.isoformat()}")
    return Signed(str(found.parameters["keyid"]), created, str(found.nonce))


class _Verifier(HTTPMessageVerifier):
    """Compares times with the clock that the caller gives, not with the machine's."""

    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        return None


class _Signing(HTTPSignatureKeyResolver):
    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        return self._key.cryptography


class _Verifying(HTTPSignatureKeyResolver):
    def __init__(self, keys: Mapping[str, VerifyingKey]) -> None:
        self._keys = keys

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        key = self._keys.get(key_id)
        return None if key is None else key.cryptography
