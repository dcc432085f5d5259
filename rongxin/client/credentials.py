"""How an institution says who it is: an API key, or its own key and short-lived tokens (FAPI 2.0).

With a private key nothing that is sent can be used by who overhears it: `private_key_jwt` (RFC 7523) gives a
token of minutes, and each request proves the key of the session that the token is bound to (DPoP, RFC 9449).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from pydantic import TypeAdapter

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Reply
from rongxin.client.errors import ClientError
from rongxin.proof import client_assertion, dpop
from rongxin.proof.keys import Signs

#: How long before its end a token is replaced: longer than a request is on its way.
_BEFORE_ITS_END = timedelta(seconds=30)
_TOKEN = "oauth/token"  # noqa: S105 - an address


class Standing(Protocol):
    """How requests of one client are signed; it may first need a token."""

    def needs(self, now: datetime) -> Call[Token] | None:
        """Return the call for a token, where one is needed now."""

    def take(self, token: Token, now: datetime) -> None:
        """Use a token from now on."""

    def drop(self) -> bool:
        """Forget the token that the node believes no more; False where another can't be had."""

    def headers(self, call: Call[Any], now: datetime) -> Mapping[str, str]:
        """Return what shows for one request who asks."""

    def vouch(self, call: Call[Any], now: datetime) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body of a form that is signed; raises `NeedsPrivateKey`."""


class NeedsPrivateKey(ClientError):
    """This call is signed by the institution's own key: give a `PrivateKey`."""

    code = "needs_private_key"


class Credentials(Protocol):
    """What a client is given once."""

    def begin(self, issuer: str) -> Standing:
        """Return the standing of a new client at a node."""


class Token(Document):
    access_token: str
    token_type: str
    expires_in: int


@dataclass(frozen=True)
class ApiKey:
    """A key that the node issued. Where it demands bound tokens, use `PrivateKey`."""

    secret: str = field(repr=False)

    def begin(self, issuer: str) -> Standing:
        return _Keyed(self.secret)


@dataclass(frozen=True)
class FrontKey:
    """The secret of one inner system at its institution's front: what is to be signed is signed there.

    An `ApiKey` of the same secret does for all but forms (`redirects`).
    """

    secret: str = field(repr=False)

    def begin(self, issuer: str) -> Standing:
        return _Fronted(self.secret)


@dataclass(frozen=True)
class PrivateKey:
    """The institution's own key, whose public half is registered at the node, and its account's name.

    Ed25519 or SM2: `rongxin.proof.signers.load` reads either; what signs elsewhere (a signing server, a token
    in a slot) is anything with the members of `rongxin.proof.keys.Signs`.
    """

    client: str
    key: Signs

    def begin(self, issuer: str) -> Standing:
        return _Bound(self, issuer)


class _Keyed:
    def __init__(self, secret: str) -> None:
        self._secret = secret

    def needs(self, now: datetime) -> None:
        return None

    def take(self, token: Token, now: datetime) -> None:
        raise AssertionError("a key needs no token")

    def drop(self) -> bool:
        return False

    def headers(self, call: Call[Any], now: datetime) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._secret}"}

    def vouch(self, call: Call[Any], now: datetime) -> tuple[Mapping[str, str], bytes]:
        raise NeedsPrivateKey(f"{call.path}: {NeedsPrivateKey.__doc__}")


class _Fronted(_Keyed):
    def vouch(self, call: Call[Any], now: datetime) -> tuple[Mapping[str, str], bytes]:
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return {**self.headers(call, now), **form}, urlencode(call.form or {}).encode()


class _Bound:
    def __init__(self, whose: PrivateKey, issuer: str) -> None:
        self._whose, self._issuer, self._session = whose, issuer, dpop.Key()
        # One value, so that threads see both or neither.
        self._held: tuple[str, datetime] | None = None

    def needs(self, now: datetime) -> Call[Token] | None:
        if self._held is not None and now < self._held[1] - _BEFORE_ITS_END:
            return None
        asked = Call("POST", _TOKEN, _token, form={"grant_type": "client_credentials"})
        headers, body = self.vouch(asked, now)
        return replace(asked, headers=headers, body=body)

    def vouch(self, call: Call[Any], now: datetime) -> tuple[Mapping[str, str], bytes]:
        said = client_assertion.make(self._whose.client, self._whose.key, audience=self._issuer, now=now)
        form = {**(call.form or {}), "client_assertion_type": client_assertion.FORM, "client_assertion": said}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        headers["DPoP"] = self._session.prove("POST", self._place(call.path), now=now)
        return headers, urlencode(form).encode()

    def take(self, token: Token, now: datetime) -> None:
        self._held = token.access_token, now + timedelta(seconds=token.expires_in)

    def drop(self) -> bool:
        self._held = None
        return True

    def headers(self, call: Call[Any], now: datetime) -> Mapping[str, str]:
        assert self._held is not None
        token = self._held[0]
        proof = self._session.prove(call.method, self._place(call.path), now=now, token=token)
        return {"Authorization": f"DPoP {token}", "DPoP": proof}

    def _place(self, path: str) -> str:
        return f"{self._issuer}/api/v1/{path}"


def _token(reply: Reply) -> Token:
    return calls.parse(TypeAdapter(Token), reply)
