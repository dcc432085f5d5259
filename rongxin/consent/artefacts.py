"""The signed artefact of a consent, and the seal over a consent on file.

The artefact is a JWS by the node's key: anybody can check it offline, and a provider's gateway does. The
seal is a keyed hash over artefact *and* status with a secret outside the database: at 2 µs it is checked on
every read, so a row edited in the database (threats T10), revived or rewritten, is refused before anything
rests on it.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

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
    return salted_hmac(_SALT, _sealed(consent_id, status, artefact), algorithm="sha256").hexdigest()


def open_sealed(consent_id: UUID, status: rules.Status, artefact: str, seal: str) -> rules.Terms:
    """Return the terms of a consent on file; Tampered where artefact or status isn't what the node wrote."""
    sealed = _sealed(consent_id, status, artefact)
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(
        constant_time_compare(salted_hmac(_SALT, sealed, secret, algorithm="sha256").hexdigest(), seal)
        for secret in secrets
    ):
        raise Tampered(f"授权{consent_id}的记录被改动过，不能作为依据；请通知安全管理员和审计管理员。")
    payload = artefact.split(".")[1]
    terms = rules.decode(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
    if terms.id != consent_id:
        raise Tampered(f"授权{consent_id}的授权书属于另一授权（{terms.id}）。")
    return terms


def _sealed(consent_id: UUID, status: rules.Status, artefact: str) -> str:
    return f"{consent_id}\n{status.value}\n{artefact}"
