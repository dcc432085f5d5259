"""回调地址: where an institution's customers may be sent back to after they granted or refused.

What the institution hands over, one person of the operator's enters and another confirms; one person, its own
too, can stop it. A request names one to the letter: nobody is sent anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from rongxin.consent.models import RedirectUri
from rongxin.consent.redirection import rules
from rongxin.consent.redirection.errors import AddressRefused, UnknownAddress
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions, second_person
from rongxin.parties.errors import NotAllowed
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor

_WHAT = "回调地址的登记"


@dataclass(frozen=True)
class Card:
    """An address as it is registered."""

    id: UUID
    institution_id: str
    uri: str
    proposed_by: str
    confirmed_by: str
    confirmed_at: datetime | None
    revoked_at: datetime | None

    def document(self) -> dict[str, Any]:
        """What people see of it, JSON-ready."""
        return {
            "redirect_uri": str(self.id),
            "institution": self.institution_id,
            "uri": self.uri,
            "proposed_by": self.proposed_by,
            "confirmed_by": self.confirmed_by or None,
            "confirmed_at": self.confirmed_at.isoformat() if self.confirmed_at else None,
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
        }


def propose(institution_id: str, uri: str, *, actor: Actor, as_of: datetime) -> Card:
    """Enter an address that an institution handed over; people are sent there once another confirms it."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    institutions.get(institution_id)
    why = rules.fault(uri, loopback=settings.RONGXIN_MODE != "production")
    if why is not None:
        raise AddressRefused(f"回调地址{why}")
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = RedirectUri.objects.create(
                    institution_id=institution_id, uri=uri, proposed_by=person, proposed_at=as_of
                )
        except IntegrityError as error:
            raise AddressRefused("该回调地址已登记") from error
        _journal(row, "redirect_proposed", actor=actor, as_of=as_of)
    return _card(row)


def confirm(institution_id: str, address: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Put an address in force that another person entered, after comparing it with what was handed over."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _live(institution_id, address)
        if row.confirmed_at is not None:
            raise NotAllowed("该回调地址已经核准")
        second_person.check_other(person, row.proposed_by, what=_WHAT)
        row.confirmed_at, row.confirmed_by = as_of, person
        row.save(update_fields=["confirmed_at", "confirmed_by"])
        _journal(row, "redirect_confirmed", actor=actor, as_of=as_of)
    return _card(row)


def revoke(institution_id: str, address: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Send nobody to an address any more, at once and for good. One person is enough."""
    with transaction.atomic():
        row = _live(institution_id, address)
        if not (actor.is_operator or actor.party == f"institution:{institution_id}"):
            raise NotAllowed("回调地址只能由平台运营机构或该机构停用")
        row.revoked_at = as_of
        row.save(update_fields=["revoked_at"])
        _journal(row, "redirect_revoked", actor=actor, as_of=as_of)
    return _card(row)


def of_institution(institution_id: str) -> list[Card]:
    """Return all addresses ever registered for an institution."""
    return [_card(row) for row in RedirectUri.objects.filter(institution=institution_id).order_by("uri")]


def in_force(institution_id: str, uri: str) -> bool:
    """Whether people may be sent to this very address."""
    live = RedirectUri.objects.filter(institution=institution_id, revoked_at=None)
    return live.filter(confirmed_at__isnull=False, uri=uri).exists()


def _live(institution_id: str, address: UUID) -> RedirectUri:
    rows = RedirectUri.objects.select_for_update(no_key=True)
    row = rows.filter(pk=address, institution=institution_id, revoked_at=None).first()
    if row is None:
        raise UnknownAddress(f"该机构没有编号为{address}的有效回调地址")
    return row


def _journal(row: RedirectUri, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"institution": row.institution_id, "change": change, "address": str(row.pk)}
    said = {"uri": canonical.digest({"uri": row.uri})}
    entries.append(Kind.INSTITUTION_CHANGED, actor=actor, refs=refs, commitments=said, as_of=as_of)


def _card(row: RedirectUri) -> Card:
    return Card(
        row.pk,
        row.institution_id,
        row.uri,
        row.proposed_by,
        row.confirmed_by,
        row.confirmed_at,
        row.revoked_at,
    )
