"""Short-lived tokens of machines, bound to a key of the client's session (FAPI 2.0; RFC 7523, 9068, 9449).

A client is an institution's account; it says who it is with a key that was registered for this very account
(`institution_keys`). Standing and quota are looked at anew at every request; a token that was asked for while
the institution was not served opens its duties only, to the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from rongxin.journal import keyring, plans
from rongxin.parties import institution_keys, institutions, memberships
from rongxin.parties.models import Account
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.parties.rules.membership import PartyKind
from rongxin.proof import client_assertion, dpop, jws
from rongxin.proof.errors import Forged
from rongxin.proof.keys import Verifies

TYPE = "at+jwt"
LIFE = timedelta(minutes=5)


class Refused(Exception):
    """No token, or none that is believed; `code` is the word of RFC 6749 §5.2, RFC 6750 §3.1 or RFC 9449."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class Scope(StrEnum):
    """What a token opens."""

    ALL = "all"
    DUTIES = "duties"


@dataclass(frozen=True)
class Client:
    """Who has shown its key: the account's name, in its one role."""

    name: str
    role: memberships.Card


@dataclass(frozen=True)
class Granted:
    """A token, how long it holds, in seconds, and what it opens."""

    token: str
    seconds: int
    scope: Scope
    client: Client


@dataclass(frozen=True)
class Held:
    """In which role the holder of a token acts, and what it opens."""

    role: memberships.Card
    scope: Scope


@dataclass(frozen=True)
class Asked:
    """One HTTP request as a proof must name it."""

    method: str
    url: str
    proof: str


def identify(assertion: str, *, issuer: str, as_of: datetime) -> Client:
    """Return which client shows its key (RFC 7523), by an assertion for this once; raises `Refused`."""
    return _client(_said(assertion, issuer, as_of), as_of)


def grant(assertion: str, asked: Asked, *, issuer: str, as_of: datetime) -> Granted:
    """Return a token for a client that shows its key; raises `Refused`. Strangers leave nothing behind."""
    proof = _proof(asked, "", as_of)
    said = _said(assertion, issuer, as_of)
    _use_up(proof)
    client = _client(said, as_of)
    served = institutions.standing(client.role.party, as_of=as_of).admitted
    scope = Scope.ALL if served else Scope.DUTIES
    claims: dict[str, object] = {
        "scope": scope.value,
        "iss": issuer,
        "aud": issuer,
        "sub": str(client.role.id),
        "client_id": client.name,
        "jti": str(uuid4()),
        "iat": int(as_of.timestamp()),
        "exp": int((as_of + LIFE).timestamp()),
        "cnf": {"jkt": proof.thumbprint},
    }
    return Granted(jws.sign(claims, keyring.node_key(), type=TYPE), LIFE.seconds, scope, client)


def _said(assertion: str, issuer: str, as_of: datetime) -> client_assertion.Assertion:
    try:
        return client_assertion.verify(
            assertion, lambda client: _keys_of(client, as_of), audience=issuer, now=as_of
        )
    except Forged as error:
        raise Refused("invalid_client", str(error)) from error


def _client(said: client_assertion.Assertion, as_of: datetime) -> Client:
    if not _first_time(f"assertion:{said.client}:{said.number}", said.expires_at + client_assertion.SKEW):
        raise Refused("invalid_client", "the assertion was used before; make a new one for each request")
    role = next(iter(_roles_of(said.client, as_of)), None)
    if role is None:
        raise Refused("invalid_client", "the account or its role is over")
    return Client(said.client, role)


def authenticate(token: str, asked: Asked, *, issuer: str, as_of: datetime) -> Held:
    """Return in which role the holder of a token acts now, and in what; raises `Refused`."""
    node = keyring.node_key().public
    try:
        claims = jws.verify(token, {node.id: node}, type=TYPE)
        bound = str(claims["cnf"]["jkt"])
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        membership, scope = int(claims["sub"]), Scope(str(claims["scope"]))
    except (Forged, KeyError, TypeError, ValueError) as error:
        raise Refused("invalid_token", f"no token of this node ({error})") from error
    if claims.get("iss") != issuer or expires_at <= as_of:
        raise Refused("invalid_token", "the token is over; ask for a new one")
    proof = _proof(asked, token, as_of)
    if proof.thumbprint != bound:
        raise Refused("invalid_token", "the token is bound to another key")
    _use_up(proof)
    row = next(iter(plans.rows(_HELD, [membership])), None)
    role = memberships.held(*row[1:], on=timezone.localdate(as_of)) if row and row[0] else None
    if role is None:
        raise Refused("invalid_token", "the account or its role is over")
    return Held(role, scope)


def forget(*, as_of: datetime) -> int:
    """Drop the numbers of proofs and assertions that are over anyhow; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM parties_usednumber WHERE expires_at < %s", [as_of])
        return int(cursor.rowcount)


def _proof(asked: Asked, token: str, as_of: datetime) -> dpop.Proof:
    try:
        return dpop.verify(asked.proof, method=asked.method, url=asked.url, now=as_of, token=token)
    except Forged as error:
        raise Refused("invalid_dpop_proof", str(error)) from error


def _use_up(proof: dpop.Proof) -> None:
    """Note a proof's number, once it is known whose it is: anybody can make proofs of keys of their own."""
    if not _first_time(f"dpop:{proof.thumbprint}:{proof.number}", proof.made_at + 2 * dpop.WINDOW):
        raise Refused("invalid_dpop_proof", "the proof was used before; make a new one for each request")


# Of parallel replays the unique key lets exactly one pass. Not written with the request's own transaction: a
# number is used even where the request fails.
_USE = "INSERT INTO parties_usednumber (hash, expires_at) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING 1"


def _first_time(number: str, expires_at: datetime) -> bool:
    return bool(plans.rows(_USE, [sha256(number.encode()).digest(), expires_at]))


_HELD = f"""
    SELECT account.is_active, {memberships.HELD}
    FROM parties_membership held JOIN parties_account account ON account.id = held.account_id
    WHERE held.id = %s
"""  # noqa: S608 - the columns are ours


def _roles_of(client: str, as_of: datetime) -> list[memberships.Card]:
    """Return the one role of an institution's account; none where there is no such client."""
    account = Account.objects.filter(username=client, is_active=True).first()
    if account is None:
        return []
    roles = memberships.of_account(account.id, on=timezone.localdate(as_of))
    own = [role for role in roles if role.party_kind is PartyKind.INSTITUTION]
    return own if len(own) == 1 else []


def _keys_of(client: str, as_of: datetime) -> Mapping[str, Verifies]:
    roles = _roles_of(client, as_of)
    if not roles:
        return {}
    return institution_keys.in_force(roles[0].party, KeyPurpose.TOKENS, account=roles[0].account, as_of=as_of)
