"""数据提供单位: who hands in or answers for which items of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from rongxin.parties.errors import UnknownParty
from rongxin.parties.models import Provider


@dataclass(frozen=True)
class Card:
    """What others may know of a provider; `mandate` are the items it may hand in or answer for."""

    id: str
    name: str
    department: str
    mandate: frozenset[str]
    is_active: bool


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
