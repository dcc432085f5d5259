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

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties.errors import NotAllowed, UnknownParty
from rongxin.parties.models import Account, ApiKey
from rongxin.vocabulary.actor import Actor

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


@dataclass(frozen=True)
class Authentication:
    """Whose key it is, or why it isn't accepted. Tell the caller nothing but `accepted` or not."""

    standing: Standing
    account: int | None = None

    @property
    def accepted(self) -> bool:
        return self.standing is Standing.ACCEPTED


def issue(account_id: int, *, label: str, expires_at: datetime, actor: Actor, as_of: datetime) -> Issued:
    """Make a key for an account; its 256 random bits need no slow hash."""
    if expires_at <= as_of:
        raise NotAllowed(f"密钥有效期止于{expires_at}，早于签发时间")
    prefix, rest = secrets.token_hex(6), secrets.token_urlsafe(32)
    secret = f"{_MARK}_{prefix}_{rest}"
    with transaction.atomic():
        if not Account.objects.filter(pk=account_id, is_active=True).exists():
            raise UnknownParty(f"没有编号为{account_id}的有效账号")
        row = ApiKey.objects.create(
            account_id=account_id,
            prefix=prefix,
            hash=_hash(secret),
            label=label,
            created_at=as_of,
            expires_at=expires_at,
        )
        entries.append(
            Kind.KEY_CREATED, actor=actor, refs={"account": account_id, "key": str(row.id)}, as_of=as_of
        )
    return Issued(row.id, prefix, secret, expires_at)


def authenticate(secret: str, *, as_of: datetime) -> Authentication:
    """Say whose key this is; the comparison takes the same time for a near miss and for nonsense."""
    parts = secret.split("_", 2)
    prefix = parts[1] if len(parts) == 3 and parts[0] == _MARK else ""
    row = ApiKey.objects.select_related("account").filter(prefix=prefix).first()
    same = hmac.compare_digest(row.hash if row else _NOBODY, _hash(secret))
    if row is None or not same:
        return Authentication(Standing.UNKNOWN)
    if row.revoked_at is not None:
        return Authentication(Standing.REVOKED)
    if row.expires_at <= as_of:
        return Authentication(Standing.EXPIRED)
    if not row.account.is_active:
        return Authentication(Standing.ACCOUNT_CLOSED)
    return Authentication(Standing.ACCEPTED, row.account_id)


def revoke(key_id: UUID, *, actor: Actor, as_of: datetime) -> None:
    """Close a key at once and for good."""
    with transaction.atomic():
        row = ApiKey.objects.select_for_update(no_key=True).filter(pk=key_id, revoked_at=None).first()
        if row is None:
            raise UnknownParty(f"没有编号为{key_id}的有效密钥")
        row.revoked_at = as_of
        row.save(update_fields=["revoked_at"])
        entries.append(
            Kind.KEY_CREATED,
            actor=actor,
            refs={"account": row.account_id, "key": str(key_id), "change": "revoked"},
            as_of=as_of,
        )


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
