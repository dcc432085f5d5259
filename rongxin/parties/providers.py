"""数据提供单位: who hands in or answers for which items of the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from rongxin.catalogue import loader
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties.errors import AlreadyKnown, UnknownParty
from rongxin.parties.models import Provider
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Card:
    """What others may know of a provider; `mandate` are the items it may hand in or answer for."""

    id: str
    name: str
    department: str
    mandate: frozenset[str]
    is_active: bool


def admit(
    id: str, *, name: str, department: str, items: Collection[str], actor: Actor, as_of: datetime
) -> Card:
    """Take in a provider beside those of the catalogue, for some of its items: a platform of another level, a
    second department ((五)). Raises `AlreadyKnown`, `UnknownItem`.
    """
    mandate = sorted({loader.load().item(item).item for item in items})
    row = Provider(id=id, name=name, department=department, mandate=mandate)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyKnown(f"{id}：该数据提供单位已登记") from error
        refs = {"provider": id, "change": "opened"}
        entries.append(Kind.ACCOUNT_CREATED, actor=actor, refs=refs, as_of=as_of)
    return _card(row)


def get(provider_id: str) -> Card:
    """Return a provider; UnknownParty where there is none."""
    row = Provider.objects.filter(pk=provider_id).first()
    if row is None:
        raise UnknownParty(f"没有数据提供单位“{provider_id}”")
    return _card(row)


def every() -> list[Card]:
    """Return all providers by id."""
    return [_card(row) for row in Provider.objects.order_by("id")]


def _card(row: Provider) -> Card:
    return Card(row.id, row.name, row.department, frozenset(row.mandate), row.is_active)
