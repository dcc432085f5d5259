"""Secrets of machines: shown once, kept as a hash, known by their prefix."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.journal import entries, plans
from rongxin.journal.rules import Kind
from rongxin.parties import institutions, memberships
from rongxin.parties.errors import NotAllowed, UnknownParty
from rongxin.parties.models import Account, ApiKey
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.zone import business_day

_MARK = "rxk"
# What an unknown prefix is compared with, so that known and unknown keys take the same time.
_NOBODY = "0" * 64


@dataclass(frozen=True)
class Issued:
    """A new key; `secret` is shown this once and never again."""

    id: UUID
    prefix: str
    secret: str
    expires_at: datetime


class Standing(StrEnum):
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ACCOUNT_CLOSED = "account_closed"
    ROLE_OVER = "role_over"


@dataclass(frozen=True)
class Authentication:
    """In which role its holder acts, and the institution that it is a role of, if any; or why it isn't
    accepted. Tell the caller only whether it is.
    """

    standing: Standing
    role: memberships.Card | None = None
    institution: institutions.Card | None = None

    @property
    def accepted(self) -> bool:
        return self.standing is Standing.ACCEPTED


def issue(
    account_id: int,
    *,
    label: str,
    expires_at: datetime,
    membership: int | None = None,
    actor: Actor,
    as_of: datetime,
) -> Issued:
    """Make a key for one role of an account; its 256 random bits need no slow hash.

    `membership` says which role; an account with a single one need not say.
    """
    if expires_at <= as_of:
        raise NotAllowed(f"密钥有效期止于{expires_at}，早于签发时间")
    prefix, rest = secrets.token_hex(6), secrets.token_urlsafe(32)
    secret = f"{_MARK}_{prefix}_{rest}"
    with transaction.atomic():
        if not Account.objects.filter(pk=account_id, is_active=True).exists():
            raise UnknownParty(f"没有编号为{account_id}的有效账号")
        role = _role(account_id, membership, as_of=as_of)
        row = ApiKey.objects.create(
            membership_id=role.id,
            prefix=prefix,
            hash=_hash(secret),
            label=redaction.redact(label)[:100],
            created_at=as_of,
            expires_at=expires_at,
        )
        entries.append(
            Kind.KEY_CREATED,
            actor=actor,
            refs={"account": account_id, "key": str(row.id), "membership": role.id},
            as_of=as_of,
        )
    return Issued(row.id, prefix, secret, expires_at)


def authenticate(secret: str, *, as_of: datetime) -> Authentication:
    """Say whose key this is; the comparison takes the same time for a near miss and for nonsense."""
    parts = secret.split("_", 2)
    prefix = parts[1] if len(parts) == 3 and parts[0] == _MARK else ""
    row = next(iter(plans.rows(_KNOWN, [prefix])), None)
    same = hmac.compare_digest(row[0] if row else _NOBODY, _hash(secret))
    if row is None or not same:
        return Authentication(Standing.UNKNOWN)
    _, account_is_active, expires_at, revoked_at, *more = row
    membership, institution = more[: memberships.HELD_COLUMNS], more[memberships.HELD_COLUMNS :]
    if revoked_at is not None:
        return Authentication(Standing.REVOKED)
    if expires_at <= as_of:
        return Authentication(Standing.EXPIRED)
    if not account_is_active:
        return Authentication(Standing.ACCOUNT_CLOSED)
    role = memberships.held(*membership, on=business_day(as_of))
    if role is None:
        return Authentication(Standing.ROLE_OVER)
    served = institutions.card(*institution) if role.party_kind is PartyKind.INSTITUTION else None
    return Authentication(Standing.ACCEPTED, role, served)


# Plain SQL: asked for every request, where building the query would cost several times its answer.
_KNOWN = f"""
    SELECT key.hash, account.is_active, key.expires_at, key.revoked_at, {memberships.HELD},
           {institutions.COLUMNS}
    FROM parties_apikey key
    JOIN parties_membership held ON held.id = key.membership_id
    JOIN parties_account account ON account.id = held.account_id
    LEFT JOIN parties_institution party ON party.id = held.institution_id
    WHERE key.prefix = %s
"""  # noqa: S608 - the columns are ours


def revoke(key_id: UUID, *, actor: Actor, as_of: datetime) -> None:
    """Close a key at once and for good."""
    with transaction.atomic():
        keys = ApiKey.objects.select_related("membership").select_for_update(of=["self"], no_key=True)
        row = keys.filter(pk=key_id, revoked_at=None).first()
        if row is None:
            raise UnknownParty(f"没有编号为{key_id}的有效密钥")
        row.revoked_at = as_of
        row.save(update_fields=["revoked_at"])
        entries.append(
            Kind.KEY_CREATED,
            actor=actor,
            refs={"account": row.membership.account_id, "key": str(key_id), "change": "revoked"},
            as_of=as_of,
        )


def _role(account_id: int, membership: int | None, *, as_of: datetime) -> memberships.Card:
    roles = memberships.of_account(account_id, on=timezone.localdate(as_of))
    wanted = [role for role in roles if membership in (None, role.id)]
    if not wanted:
        raise NotAllowed(f"账号{account_id}没有可供密钥代表的有效任职，请先任职再签发")
    if len(wanted) > 1:
        raise NotAllowed(f"账号{account_id}有多项任职，请指明密钥代表哪一项")
    return wanted[0]


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
