"""跳转授权: send a customer to the platform's own page, and fetch what was consented to (附件注3).

`bank.run(redirects.begin(…))` gives the address to which the browser is sent, and what to keep for it;
`redirects.returned(started, query)` checks with what it came back and is the call for the consent. Needs a
`PrivateKey` (RFC 9126, 9396, 7636, 9207).
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Plan
from rongxin.client.errors import ClientError

#: `type` of the platform's `authorization_details`.
DETAILS_TYPE = "urn:rongxin:consent:1"


class NotOurs(ClientError):
    """The browser came back with something that doesn't belong to what it was sent with: forget it."""

    code = "not_ours"


class Declined(ClientError):
    """The firm's person refused, or could not grant; `error` says which, as the platform told it."""

    code = "declined"

    def __init__(self, error: str) -> None:
        self.error = error
        super().__init__(f"the firm's person came back without a consent: {error}")


class Started(Document):
    """Where the browser goes, and what to keep in the customer's session until it comes back."""

    url: str
    client: str
    redirect_uri: str
    state: str
    verifier: str
    issuer: str
    expires_in: int


class Agreed(Document):
    """The consent that was given, and what it covers."""

    consent: UUID
    authorization_details: list[dict[str, Any]]


class _Server(Document):
    issuer: str
    authorization_endpoint: str


class _Pushed(Document):
    request_uri: str
    expires_in: int


def begin(
    client: str,
    case: UUID,
    items: Sequence[str] = (),
    *,
    redirect_uri: str,
    details: Mapping[str, Any] | None = None,
) -> Plan[Started]:
    """Push a request for a case's items, or for `details` (RFC 9396), and say where the browser goes.

    `client` is the account's name; `redirect_uri` is one that the operator's people have registered.
    """
    server: _Server = yield calls.get("oauth/metadata", _Server)
    state, verifier = token_urlsafe(32), token_urlsafe(48)
    wanted = {"type": DETAILS_TYPE, "identifier": str(case), "datatypes": list(items), **(details or {})}
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    form = {
        "client_id": client,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "authorization_details": json.dumps([wanted], ensure_ascii=False),
    }
    pushed: _Pushed = yield calls.form("oauth/par", _Pushed, form)
    query = urlencode({"client_id": client, "request_uri": pushed.request_uri})
    return Started(
        url=f"{server.authorization_endpoint}?{query}",
        client=client,
        redirect_uri=redirect_uri,
        state=state,
        verifier=verifier,
        issuer=server.issuer,
        expires_in=pushed.expires_in,
    )


def returned(started: Started, query: Mapping[str, str]) -> Call[Agreed]:
    """Return the call for the consent, by the parameters with which the browser came back to `redirect_uri`.

    Raises `NotOurs` where state or issuer aren't those it was sent with, `Declined` without a grant.
    The call is good once: keep its result.
    """
    ours = hmac.compare_digest(query.get("state", "").encode(), started.state.encode())
    if not ours or query.get("iss", "") != started.issuer:
        raise NotOurs("state or iss is not what this customer was sent with")
    if error := query.get("error"):
        raise Declined(error)
    form = {
        "grant_type": "authorization_code",
        "code": query.get("code", ""),
        "redirect_uri": started.redirect_uri,
        "code_verifier": started.verifier,
    }
    return calls.form("oauth/token", Agreed, form)
