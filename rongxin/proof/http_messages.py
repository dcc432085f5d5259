"""Signed HTTP requests (RFC 9421 with Ed25519, body bound by Content-Digest, RFC 9530).

One signature, one algorithm, one tag, a fixed list of what is covered: method, authority, path, query, type
and digest of the body. What the message says of its own algorithm is compared, never followed.

What our own signer writes has one spelling, of which no part needs escaping: that is written and compared as
text, at a fifth of the time. Every other spelling goes through the library, which comes to the same.
"""

from __future__ import annotations

import base64
import re
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
_COMPONENTS = " ".join(f'"{name}"' for name in COVERED)
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


#: `http://host:port/path` in lower case, without a query and without a port that may be left out.
_URL = re.compile(r"(https?)://([a-z0-9.-]+)(?::([1-9][0-9]{1,4}))?(/[A-Za-z0-9/._-]*)")
_TYPE = re.compile(r"[a-z]+/[a-z.+-]+")
_WORD = re.compile(r"[A-Za-z0-9_-]+")
_INPUT = re.compile(
    re.escape(f"{_LABEL}=") + r"(\(" + re.escape(_COMPONENTS) + r"\)"
    r";created=([1-9][0-9]{0,10});keyid=\"([A-Za-z0-9_-]+)\";alg=\"ed25519\""
    r";nonce=\"([A-Za-z0-9_-]+)\";tag=\"([A-Za-z0-9_-]+)\")"
)
_SIGNATURE = re.compile(re.escape(f"{_LABEL}=:") + r"([A-Za-z0-9+/]{86}==):")
_HEADERS = frozenset({"content-type", "content-digest", "signature-input", "signature"})


def sign(request: Request, key: SigningKey, *, tag: str, nonce: str, created: datetime) -> None:
    """Put Content-Digest, Signature-Input and Signature into the request's headers."""
    plain = set(request.headers) == {"content-type"} and all(map(_WORD.fullmatch, (tag, nonce)))
    digest = _digest(request.body)
    parameters = f'({_COMPONENTS});created={int(created.timestamp())};keyid="{key.id}";alg="ed25519"'
    parameters += f';nonce="{nonce}";tag="{tag}"'
    base = _base(request, digest, parameters) if plain else None
    if base is not None and created.timestamp() >= 1:
        signature = base64.b64encode(key.sign(base)).decode()
        request.headers["Content-Digest"] = digest
        request.headers["Signature-Input"] = f"{_LABEL}={parameters}"
        request.headers["Signature"] = f"{_LABEL}=:{signature}:"
        return
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
    signed = _plainly(request, keys, tag=tag) or _by_library(request, keys, tag=tag)
    if abs(now - signed.created) > window:
        stated = signed.created.isoformat()
        raise Forged(f"the request was signed at {stated}, and here it is {now.isoformat()}")
    return signed


def _plainly(request: Request, keys: Mapping[str, VerifyingKey], *, tag: str) -> Signed | None:
    """Return who signed what our own signer wrote; None for what is not that, and is left to the library."""
    headers = request.headers
    if headers.keys() != _HEADERS:
        return None
    said, signature = _INPUT.fullmatch(headers["signature-input"]), _SIGNATURE.fullmatch(headers["signature"])
    if said is None or signature is None or said[5] != tag or (key := keys.get(said[3])) is None:
        return None
    digest = _digest(request.body)
    base = _base(request, digest, said[1]) if digest == headers["content-digest"] else None
    octets = base64.b64decode(signature[1])
    if base is None or base64.b64encode(octets).decode() != signature[1] or not key.verify(base, octets):
        return None
    return Signed(said[3], datetime.fromtimestamp(int(said[2]), UTC), said[4])


def _base(request: Request, digest: str, parameters: str) -> bytes | None:
    """Return the signature base (RFC 9421 §2.5); None where a component has more than one spelling."""
    url, type_ = _URL.fullmatch(request.url), request.headers["content-type"]
    if url is None or (url[1], url[3]) in (("http", "80"), ("https", "443")):
        return None
    if request.method != "POST" or _TYPE.fullmatch(type_) is None:
        return None
    authority = f"{url[2]}:{url[3]}" if url[3] else url[2]
    values = (request.method, authority, url[4], "?", type_, digest, parameters)
    names = (*COVERED, "@signature-params")
    return "\n".join(f'"{name}": {value}' for name, value in zip(names, values, strict=True)).encode()


def _digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(canonical.sha256(body)).decode()}:"


def _by_library(request: Request, keys: Mapping[str, VerifyingKey], *, tag: str) -> Signed:
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
    try:
        created = datetime.fromtimestamp(int(found.parameters["created"]), UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise Forged(f"the request was signed at no time that there is ({error})") from error
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
