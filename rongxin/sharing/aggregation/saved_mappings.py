"""A provider's own column names, saved once and applied to every file from then on ((五); decision 0020).

Versions are kept, never changed. A batch holds the version that stood when it came, so that whenever it is
filed, and whenever a row of it is read again, it is read the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from rongxin.catalogue.schema import Item
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.proof import canonical
from rongxin.records import filing
from rongxin.sharing.aggregation import identifiers, mandates, mapping_file
from rongxin.sharing.aggregation.own_columns import Saved
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch, SavedMapping
from rongxin.vocabulary.actor import Actor, ActorKind

_NONE: dict[str, Any] = {"columns": {}, "constants": {}}


@dataclass(frozen=True)
class Card:
    """A version as a list shows it; `unchanged`: what was to be saved is what stood already."""

    provider: str
    item: str
    version: int
    document: dict[str, Any]
    saved_at: datetime
    saved_by: str
    in_force: bool
    unchanged: bool = False


def save(document: object, *, item: str, provider: str, actor: Actor, as_of: datetime) -> Card:
    """Check a mapping against the catalogue and put it in force; raises `Refused`, then nothing changes."""
    _check_own(provider, actor)
    known, _ = mandates.admitted(item, provider)
    return _put(mapping_file.stored(checked(document, known, as_of=as_of)), item, provider, actor, as_of)


def end(*, item: str, provider: str, actor: Actor, as_of: datetime) -> Card:
    """Have files read by the catalogue's names alone again; raises `Refused` where nothing else stands."""
    _check_own(provider, actor)
    mandates.admitted(item, provider)
    if standing(item, provider, as_of=as_of) is None:
        raise Refused(
            "no_mapping", what="没有生效的列映射", where=f"{provider} {item}", what_to_do="无需终止。"
        )
    return _put(_NONE, item, provider, actor, as_of)


def checked(document: object, item: Item, *, as_of: datetime) -> Saved:
    """Read a mapping that is not saved yet; raises `Refused`."""
    return mapping_file.read(document, item, today=as_of.astimezone(filing.CHINA).date())


def standing(item: str, provider: str, *, as_of: datetime) -> SavedMapping | None:
    """Return the version by which a file that comes now is read; None where none stands."""
    latest = SavedMapping.objects.filter(item=item, provider_id=provider, saved_at__lte=as_of)
    found = latest.order_by("-version").first()
    return found if found is not None and any(found.document.values()) else None


def of(batch: Batch, item: Item) -> Saved | None:
    """Return the mapping of a batch; raises `Refused` where the catalogue has lost a field of it since."""
    return _read(batch.mapping, item) if batch.mapping is not None else None


def in_force(item: Item, provider: str, *, as_of: datetime) -> Saved | None:
    """Return how a file that comes now is read beyond the catalogue; raises `Refused` like `of`."""
    found = standing(item.item, provider, as_of=as_of)
    return _read(found, item) if found is not None else None


def listed(*, provider: str | None = None, item: str | None = None, as_of: datetime) -> list[Card]:
    """Return every version, of each provider and item the latest first."""
    found = SavedMapping.objects.filter(saved_at__lte=as_of).order_by("provider_id", "item", "-version")
    if provider is not None:
        found = found.filter(provider_id=provider)
    if item is not None:
        found = found.filter(item=item)
    cards, seen = [], set()
    for one in found:
        place = (one.provider_id, one.item)
        cards.append(_card(one, in_force=place not in seen and any(one.document.values())))
        seen.add(place)
    return cards


def _put(document: dict[str, Any], item: str, provider: str, actor: Actor, as_of: datetime) -> Card:
    with transaction.atomic():
        _one_at_a_time(item, provider)
        last = SavedMapping.objects.filter(item=item, provider_id=provider).order_by("-version").first()
        if last is not None and last.document == document:
            return _card(last, in_force=any(document.values()), unchanged=True)
        version = last.version + 1 if last else 1
        entry = entries.append(
            Kind.MAPPING_SAVED,
            actor=actor,
            refs={"item": item, "provider": provider, "version": version},
            commitments={"mapping": canonical.digest(document)},
            as_of=as_of,
        )
        made = SavedMapping.objects.create(
            id=identifiers.time_ordered(),
            provider_id=provider,
            item=item,
            version=version,
            document=document,
            saved_at=as_of,
            saved_by=str(actor),
            journal_entry=entry.id,
        )
    return _card(made, in_force=any(document.values()))


def _one_at_a_time(item: str, provider: str) -> None:
    with connection.cursor() as cursor:
        place = f"sharing.mapping:{provider}:{item}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [place])


def _read(found: SavedMapping, item: Item) -> Saved:
    saved = mapping_file.kept(found.document, found.version)
    named = {own.fills for own in saved.columns.values()} | set(saved.constants)
    if lost := sorted(named - mapping_file.fields(item)):
        raise Refused(
            "mapping_outdated",
            what=f"列映射第 {found.version} 版的字段已不在清单中：{'、'.join(lost)}",
            where=f"{found.provider_id} {found.item}",
            what_to_do="请按现行清单重新保存列映射，再报送。",
        )
    return saved


def _check_own(provider: str, actor: Actor) -> None:
    operator = actor.kind is ActorKind.SYSTEM or actor.is_operator
    if not operator and actor.party != f"provider:{provider}":
        raise Refused(
            "not_your_mapping",
            what=f"列映射属于 {provider}",
            where=actor.party,
            what_to_do="只有该单位或平台运营机构可以保存或终止。",
        )


def _card(one: SavedMapping, *, in_force: bool, unchanged: bool = False) -> Card:
    return Card(
        provider=one.provider_id,
        item=one.item,
        version=one.version,
        document=one.document,
        saved_at=one.saved_at,
        saved_by=one.saved_by,
        in_force=in_force,
        unchanged=unchanged,
    )
