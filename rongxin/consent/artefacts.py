"""The signed artefact of a consent, and the seal over a consent on file.

The artefact is a JWS by the node's key: anybody can check it offline, and a provider's gateway does. The
seal is a keyed hash over artefact *and* status with a secret outside the database: at 2 µs it is checked on
every read, so a row edited in the database (threats T10), revived or rewritten, is refused before anything
rests on it.
"""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

import orjson
from django.conf import settings

from rongxin.consent import rules
from rongxin.consent.errors import Tampered
from rongxin.journal import keyring
from rongxin.proof import jws
from rongxin.proof.errors import Forged

_SALT = "rongxin.consent.seal"


def sign(terms: rules.Terms) -> str:
    """Return the artefact of the terms, signed by this node."""
    return jws.sign(rules.encode(terms), keyring.node_key(), type=rules.ARTEFACT_TYPE)


def verify(artefact: str) -> rules.Terms:
    """Return the terms of an artefact by its signature; Tampered where it does not hold or says something
    else.
    """
    try:
        return rules.decode(jws.verify(artefact, keyring.verifying_keys(), type=rules.ARTEFACT_TYPE))
    except (Forged, ValueError) as error:
        raise Tampered(f"授权书的签名或内容无效：{error}") from error


def digest(artefact: str) -> str:
    """Return the commitment to an artefact that the journal holds."""
    return sha256(artefact.encode()).hexdigest()


def seal(consent_id: UUID, status: rules.Status, artefact: str) -> str:
    """Return the seal of a consent as it stands."""
    return _seal(settings.SECRET_KEY, _sealed(consent_id, status, artefact))


def open_sealed(consent_id: UUID, status: rules.Status, artefact: str, seal: str) -> rules.Terms:
    """Return the terms of a consent on file; Tampered where artefact or status isn't what the node wrote."""
    sealed = _sealed(consent_id, status, artefact)
    secrets = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    if not any(hmac.compare_digest(_seal(secret, sealed), seal) for secret in secrets):
        raise Tampered(f"授权{consent_id}的记录被改动过，不能作为依据；请通知安全管理员和审计管理员。")
    terms = _terms(artefact)
    if terms.id != consent_id:
        raise Tampered(f"授权{consent_id}的授权书属于另一授权（{terms.id}）。")
    return terms


@lru_cache(maxsize=4096)
def _terms(artefact: str) -> rules.Terms:
    """Read an artefact, which never changes; where it stands, and whether it is ours, is asked each time."""
    payload = artefact.split(".")[1]
    return rules.decode(orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def _sealed(consent_id: UUID, status: rules.Status, artefact: str) -> bytes:
    return f"{consent_id}\n{status.value}\n{artefact}".encode()


def _seal(secret: str, sealed: bytes) -> str:
    return hmac.digest(_key(secret), sealed, "sha256").hex()


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    """Derive the sealing key as `salted_hmac` does; once, since every decision needs it."""
    return sha256(_SALT.encode() + secret.encode()).digest()
