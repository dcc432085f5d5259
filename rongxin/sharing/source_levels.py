"""来源层级: from which level a provider hands in, and whose version of a record therefore counts ((五)).

The operator sets a provider's level; versions are kept. Without one, the provider that a channel of the
national level alone names counts as national, and every other as of the city: nobody comes first by silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache

from django.db import connection, transaction

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Channel, Item
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import providers
from rongxin.parties.errors import UnknownParty
from rongxin.records.filing import CHINA
from rongxin.records.rules import Precedence
from rongxin.sharing.aggregation import identifiers
from rongxin.sharing.errors import Refused, SharingError
from rongxin.sharing.models import ProviderLevel
from rongxin.sharing.rules import PARAMETERS
from rongxin.vocabulary import edition as dated
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.level import Level, SourceLevel


class Edition(dated.Edition):
    """The order of levels in force from a day on, by the level at which an item is shared."""

    order: Mapping[Level, tuple[SourceLevel, ...]]


@cache
def editions() -> tuple[Edition, ...]:
    """Return every edition on file."""
    return dated.read(PARAMETERS, "source_levels_*.yaml", Edition, broken=SharingError)


def set_level(provider: str, level: SourceLevel, *, actor: Actor, as_of: datetime) -> int:
    """Say from which level a provider hands in; return the version. Raises `Refused`.

    What counts already stays: the level decides on the records that come, or come again, from now on.
    """
    if not (actor.kind is ActorKind.SYSTEM or actor.is_operator):
        raise Refused(
            "operator_needed",
            what="来源层级由平台运营机构设定",
            where=actor.party,
            what_to_do="请与平台运营机构商定。",
        )
    try:
        providers.get(provider)
    except UnknownParty as error:
        raise Refused(
            "unknown_provider", what=str(error), where=provider, what_to_do="请核对单位标识。"
        ) from error
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sharing.level:{provider}"]
            )
        last = ProviderLevel.objects.filter(provider_id=provider).order_by("-version").first()
        version = last.version + 1 if last else 1
        refs: dict[str, str | int] = {"provider": provider, "level": level.value, "version": version}
        entry = entries.append(Kind.SOURCE_LEVEL_SET, actor=actor, refs=refs, as_of=as_of)
        ProviderLevel.objects.create(
            id=identifiers.time_ordered(),
            provider_id=provider,
            version=version,
            level=level,
            set_at=as_of,
            set_by=str(actor),
            journal_entry=entry.id,
        )
    return version


def declared(*, as_of: datetime) -> dict[str, SourceLevel]:
    """Return the level of every provider for which one is set."""
    rows = ProviderLevel.objects.filter(set_at__lte=as_of).order_by("version")
    return {provider: SourceLevel(level) for provider, level in rows.values_list("provider_id", "level")}


def level_of(provider: str, channel: Channel, said: Mapping[str, SourceLevel]) -> SourceLevel:
    """Return the level at which a provider serves a channel, `said` being what is declared."""
    if (level := said.get(provider)) is not None:
        return level
    own = provider == channel.provider and channel.levels == (Level.NATIONAL,)
    return SourceLevel.NATIONAL if own else SourceLevel.CITY


def order(channel: Channel, on: date) -> tuple[SourceLevel, ...]:
    """Return the levels of a channel's sources, that whose version counts first."""
    level = Level.NATIONAL if Level.NATIONAL in channel.levels else Level.LOCAL
    return dated.in_force(editions(), on).order[level]


def precedence(item: Item, *, as_of: datetime) -> Precedence:
    """Return the places of an item's sources in the store."""
    channel = item.aggregation
    if channel is None:
        return Precedence()
    said = declared(as_of=as_of)
    levels = order(channel, as_of.astimezone(CHINA).date())
    places = {one: levels.index(level_of(one, channel, said)) for one in {*said, channel.provider}}
    return Precedence(places, others=levels.index(SourceLevel.CITY))


def precedence_of(item_name: str, *, as_of: datetime) -> Precedence:
    """Return the places of the sources of an item, by its name."""
    return precedence(loader.load().item(item_name), as_of=as_of)
