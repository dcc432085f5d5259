"""Who shares an item already, from which level: asked before somebody else is asked for it ((五)).

凡已实现共享的信息，不再要求有关部门和单位重复提供. Nothing here looks at a record: only at batches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, Sum

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Channel, Item
from rongxin.parties import providers
from rongxin.records.filing import CHINA
from rongxin.sharing import source_levels
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Status
from rongxin.vocabulary.level import Level, SourceLevel


@dataclass(frozen=True)
class Last:
    """A source's last filed batch."""

    batch: UUID
    received_on: date
    mode: str


@dataclass(frozen=True)
class Source:
    """One provider of one item: from which level, in which place among the others, what it has delivered.

    `place` counts from 0; sources of one place are equal. `first_on` is the day of the first batch of which a
    row was taken, `last` the last batch filed; None where there is none.
    """

    provider: str
    name: str
    level: SourceLevel
    place: int
    batches: int
    rows: int
    first_on: date | None
    last: Last | None

    @property
    def delivers(self) -> bool:
        return self.first_on is not None

    def document(self) -> dict[str, Any]:
        """The source, JSON-ready."""
        last = self.last
        return {
            "provider": self.provider,
            "name": self.name,
            "level": self.level.value,
            "level_label": self.level.label,
            "place": self.place,
            "batches": self.batches,
            "rows": self.rows,
            "since": self.first_on.isoformat() if self.first_on else None,
            "last_batch": str(last.batch) if last else None,
            "last_on": last.received_on.isoformat() if last else None,
            "last_mode": last.mode if last else None,
        }


def of(item: Item, *, as_of: datetime) -> list[Source]:
    """Return the active sources of an aggregated item, that whose version of a record counts first; empty
    for an item that isn't aggregated.
    """
    return _of_all([item], as_of=as_of)[item.item]


def others(item: Item, provider: str, *, as_of: datetime) -> list[Source]:
    """Return who else delivers the item already and comes before the provider, or stands equal."""
    found = of(item, as_of=as_of)
    own = next((source.place for source in found if source.provider == provider), None)
    return [
        source
        for source in found
        if source.provider != provider and source.delivers and (own is None or source.place <= own)
    ]


def settles(item: Item, source: Source) -> bool:
    """Whether a source that delivers an item leaves nothing of it to ask others for: the annex shares it at
    the national level alone, and the source is of that level. Of an item that is national *or* local a local
    source may hold what the national one lacks.
    """
    channel = item.aggregation
    return (
        channel is not None and channel.levels == (Level.NATIONAL,) and source.level is SourceLevel.NATIONAL
    )


def settled_since(*, as_of: datetime) -> dict[tuple[str, str], date]:
    """Return, of each provider and item that need no longer be asked for, the day from which that is so."""
    catalogue = loader.load()
    found: dict[tuple[str, str], date] = {}
    for name, sources in _of_all(list(catalogue.items.values()), as_of=as_of).items():
        settling = [s for s in sources if s.first_on is not None and settles(catalogue.item(name), s)]
        for source in sources:
            days = [s.first_on for s in settling if s.provider != source.provider and s.place < source.place]
            if days:
                found[source.provider, name] = min(day for day in days if day is not None)
    return found


def _of_all(items: list[Item], *, as_of: datetime) -> dict[str, list[Source]]:
    names, told = [item.item for item in items], source_levels.declared(as_of=as_of)
    delivered, lasts = _delivered(names, as_of), _lasts(names, as_of)
    cards = [card for card in providers.every() if card.is_active]
    on, found = as_of.astimezone(CHINA).date(), defaultdict(list)
    for item in items:
        channel = item.aggregation
        for card in cards if channel is not None else ():
            if item.item in card.mandate:
                key = card.id, item.item
                assert channel is not None
                found[item.item].append(_source(card, channel, told, on, delivered.get(key), lasts.get(key)))
        found[item.item].sort(key=lambda source: (source.place, source.provider))
    return dict(found)


def _source(
    card: providers.Card,
    channel: Channel,
    told: Mapping[str, SourceLevel],
    on: date,
    delivered: tuple[int, int, date | None] | None,
    last: Last | None,
) -> Source:
    level = source_levels.level_of(card.id, channel, told)
    place = source_levels.order(channel, on).index(level)
    batches, rows, first_on = delivered or (0, 0, None)
    return Source(card.id, card.name, level, place, batches, rows, first_on, last)


def _delivered(names: list[str], as_of: datetime) -> dict[tuple[str, str], tuple[int, int, date | None]]:
    filed = Batch.objects.filter(status=Status.FILED, item__in=names, received_at__lte=as_of)
    summed = filed.values_list("provider_id", "item").annotate(
        batches=Count("id"),
        rows=Sum("accepted"),
        first=Min("received_at", filter=Q(accepted__gt=0)),
    )
    return {
        (provider, item): (batches, rows, first.astimezone(CHINA).date() if first else None)
        for provider, item, batches, rows, first in summed
    }


def _lasts(names: list[str], as_of: datetime) -> dict[tuple[str, str], Last]:
    filed = Batch.objects.filter(status=Status.FILED, item__in=names, received_at__lte=as_of)
    latest = filed.order_by("provider_id", "item", "-received_at", "-id").distinct("provider_id", "item")
    return {
        (provider, item): Last(batch, at.astimezone(CHINA).date(), mode)
        for provider, item, batch, at, mode in latest.values_list(
            "provider_id", "item", "id", "received_at", "mode"
        )
    }
