"""Signing a message as Standard Webhooks has it: `v1` with the endpoint's secret, `v1a` with the node's key.

The first is what every receiver's library checks. The second (Ed25519) proves to a third party too that the
node said it: the receiver, who knows the secret, could have made the first itself.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from rongxin.proof.keys import SigningKey, VerifyingKey

SECRET_BYTES = 32  # the convention asks for 24 to 64
_PRIVATE = "whsec_"
_PUBLIC = "whpk_"


def new_secret() -> str:
    return _PRIVATE + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(
    message: str, body: str, *, secrets: Sequence[str], key: SigningKey, at: datetime
) -> dict[str, str]:
    """Return the headers of one attempt; while a secret is being replaced both sign."""
    at = at.astimezone(UTC)
    timestamp = str(int(at.timestamp()))
    signed = [Webhook(secret).sign(message, at, body) for secret in secrets]
    own = key.sign(f"{message}.{timestamp}.{body}".encode())
    signed.append(f"v1a,{base64.b64encode(own).decode()}")
    return {
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signed),
    }


def public_key(key: VerifyingKey) -> str:
    """Return the node's key as the convention writes it."""
    return _PUBLIC + base64.b64encode(key.raw).decode()
