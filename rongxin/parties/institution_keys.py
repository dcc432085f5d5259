"""签名公钥: the public keys by which an institution's own signature is known.

The operator registers what the institution hands over on paper or in person; the platform never sees the
private half. A key belongs to one institution for ever, for a span of days, and can be stopped at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions
from rongxin.parties.errors import AlreadyKnown, NotAllowed, UnknownParty
from rongxin.parties.models import InstitutionKey
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import VerifyingKey
from rongxin.vocabulary.actor import Actor, ActorKind


@dataclass(frozen=True)
class Card:
    """A key as it is registered: `key_id` is its RFC 7638 thumbprint, the `kid` of what it signs."""

    id: UUID
    institution_id: str
    key_id: str
    pem: str
    valid_from: date
    valid_until: date
    revoked_at: datetime | None

    def holds_at(self, moment: datetime) -> bool:
        """Whether what is signed with it is believed at a moment."""
        day = timezone.localdate(moment)
        revoked = self.revoked_at is not None and self.revoked_at <= moment
        return self.valid_from <= day <= self.valid_until and not revoked

    def document(self) -> dict[str, Any]:
        """What people see of it, JSON-ready."""
        return {
            "key": str(self.id),
            "institution": self.institution_id,
            "kid": self.key_id,
            "pem": self.pem,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
        }


def register(
    institution_id: str,
    pem: str,
    *,
    valid_from: date,
    valid_until: date,
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Register an Ed25519 public key (PEM) of an institution; the operator's act, journalled by its hash."""
    _operator(actor)
    institutions.get(institution_id)
    if valid_until < max(valid_from, timezone.localdate(as_of)):
        raise NotAllowed(f"公钥有效期止于{valid_until}，早于起始日或今日")
    try:
        key = VerifyingKey.from_pem(pem, institution_id)
    except ProofError as error:
        raise NotAllowed(f"不是一把 Ed25519 公钥（PEM）：{error}") from error
    row = InstitutionKey(
        institution_id=institution_id,
        key_id=key.id,
        pem=key.pem(),
        valid_from=valid_from,
        valid_until=valid_until,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyKnown("该公钥已登记过，请换一把") from error
        _journal(row, "registered", actor=actor, as_of=as_of)
    return _card(row)


def revoke(key: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Stop believing a key at once and for good; what it signed before stays signed."""
    _operator(actor)
    with transaction.atomic():
        rows = InstitutionKey.objects.select_for_update(no_key=True)
        row = rows.filter(pk=key, revoked_at=None).first()
        if row is None:
            raise UnknownParty(f"没有编号为{key}的有效公钥")
        row.revoked_at = as_of
        row.save(update_fields=["revoked_at"])
        _journal(row, "revoked", actor=actor, as_of=as_of)
    return _card(row)


def of_institution(institution_id: str) -> list[Card]:
    """Return all keys ever registered for an institution, the newest first."""
    rows = InstitutionKey.objects.filter(institution=institution_id)
    return [_card(row) for row in rows.order_by("-valid_from", "pk")]


def in_force(institution_id: str, *, as_of: datetime) -> Mapping[str, VerifyingKey]:
    """Return the keys that are believed at a moment, by `kid`, as `proof.jws.verify` takes them."""
    cards = [card for card in of_institution(institution_id) if card.holds_at(as_of)]
    return {card.key_id: VerifyingKey.from_pem(card.pem, institution_id) for card in cards}


def _operator(actor: Actor) -> None:
    if not (actor.is_operator or actor.kind is ActorKind.SYSTEM):
        raise NotAllowed("机构的签名公钥只能由平台运营机构登记和停用")


def _journal(row: InstitutionKey, change: str, *, actor: Actor, as_of: datetime) -> None:
    entries.append(
        Kind.KEY_CREATED,
        actor=actor,
        refs={"institution": row.institution_id, "key": str(row.pk), "change": change},
        commitments={"public_key": sha256(row.pem.encode()).hexdigest()},
        as_of=as_of,
    )


def _card(row: InstitutionKey) -> Card:
    return Card(
        row.id, row.institution_id, row.key_id, row.pem, row.valid_from, row.valid_until, row.revoked_at
    )
