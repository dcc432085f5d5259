"""Which plan holds for a provider's item: what the operator has set, or else the dated parameter.

Versions are kept: a due day is judged by the plan of its time, whatever is agreed later. By the parameter an
item is expected from the provider's first batch of it on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from django.db import connection, transaction
from django.db.models import Min
from pydantic import BaseModel, ConfigDict, Field

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import providers
from rongxin.records.filing import CHINA
from rongxin.sharing import item_sources
from rongxin.sharing.aggregation import identifiers, mandates
from rongxin.sharing.errors import Refused, SharingError
from rongxin.sharing.models import Batch, Schedule
from rongxin.sharing.rules import PARAMETERS, Status
from rongxin.sharing.schedule import rules
from rongxin.sharing.schedule.rules import Every, Plan
from rongxin.vocabulary import edition as dated
from rongxin.vocabulary.actor import Actor, ActorKind

#: Provider, item.
Key = tuple[str, str]


class Default(BaseModel):
    """A plan for an item, whoever provides it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: Every
    day: int | None = None


class Edition(dated.Edition):
    """The plans in force from a day on."""

    grace_working_days: int = Field(ge=0, le=rules.GRACE_MAX)
    plans: Mapping[str, Default]


@dataclass(frozen=True)
class Segment:
    """A plan and the last day for which it holds; None: it still does. Version 0: the parameter's."""

    plan: Plan
    until: date | None
    version: int


@cache
def editions() -> tuple[Edition, ...]:
    """Return every edition on file."""
    return dated.read(PARAMETERS, "schedules_*.yaml", Edition, broken=SharingError)


def set_plan(
    *,
    item: str,
    provider: str,
    every: Every,
    day: int | None,
    grace_working_days: int,
    actor: Actor,
    as_of: datetime,
) -> Segment:
    """Put a plan in force from today on; raises `Refused`. What was due before stays as it was.

    Nobody is asked for what a national source shares already ((五)) where the annex has it shared so.
    """
    if not (actor.kind is ActorKind.SYSTEM or actor.is_operator):
        raise Refused(
            "operator_needed",
            what="报送计划由平台运营机构设定",
            where=actor.party,
            what_to_do="请与平台运营机构商定。",
        )
    known, _ = mandates.admitted(item, provider)
    if every is not Every.NEVER:
        _check_not_shared(known, provider, as_of=as_of)
    if wrong := rules.fault(every, day, grace_working_days):
        raise Refused("schedule_invalid", what=wrong, where="schedule", what_to_do="原计划未变。")
    plan = Plan(every, day, grace_working_days, as_of.astimezone(CHINA).date())
    with transaction.atomic():
        with connection.cursor() as cursor:
            place = f"sharing.schedule:{provider}:{item}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [place])
        last = Schedule.objects.filter(provider_id=provider, item=item).order_by("-version").first()
        version = last.version + 1 if last else 1
        said = f"{every.value}.{day or 0}.{grace_working_days}"
        entry = entries.append(
            Kind.SCHEDULE_SET,
            actor=actor,
            refs={"item": item, "provider": provider, "version": version, "plan": said},
            as_of=as_of,
        )
        Schedule.objects.create(
            id=identifiers.time_ordered(),
            provider_id=provider,
            item=item,
            version=version,
            every=every,
            day=day,
            grace_working_days=grace_working_days,
            since=plan.since,
            set_at=as_of,
            set_by=str(actor),
            journal_entry=entry.id,
        )
    return Segment(plan, None, version)


def _check_not_shared(item: Item, provider: str, *, as_of: datetime) -> None:
    for source in item_sources.others(item, provider, as_of=as_of):
        if item_sources.settles(item, source) and source.last is not None:
            raise Refused(
                "already_shared",
                what=f"“{item.label}”已由 {source.name}（{source.provider}）在国家层面共享",
                where=f"批次 {source.last.batch}，{source.last.received_on}",
                what_to_do="凡已实现共享的信息，不再要求重复提供（国办发〔2021〕52号（五））；计划未设。",
            )


def every_segment(*, provider: str | None = None, as_of: datetime) -> dict[Key, list[Segment]]:
    """Return, of each provider and item that is expected, its plans from the oldest to today's."""
    cards = [providers.get(provider)] if provider else providers.every()
    admitted = {(card.id, item) for card in cards if card.is_active for item in card.mandate}
    own: dict[Key, list[Schedule]] = defaultdict(list)
    for row in Schedule.objects.filter(set_at__lte=as_of).order_by("version"):
        own[row.provider_id, row.item].append(row)
    began = _began(provider)
    settled = item_sources.settled_since(as_of=as_of)
    found = {}
    for key in sorted(admitted & (own.keys() | began.keys())):
        item = loader.load().items.get(key[1])
        if item is None or item.aggregation is None:
            continue
        segments = _segments(key[1], began.get(key), own.get(key, []))
        if segments := _until(segments, settled.get(key)):
            found[key] = segments
    return found


def _segments(item: str, began: date | None, own: list[Schedule]) -> list[Segment]:
    found = _defaults(item, began, own[0].since if own else None) if began is not None else []
    ends = [row.since - timedelta(days=1) for row in own[1:]]
    for row, until in zip(own, [*ends, None], strict=True) if own else ():
        plan = Plan(Every(row.every), row.day, row.grace_working_days, row.since)
        found.append(Segment(plan, until, row.version))
    return found


def _until(segments: list[Segment], settled_on: date | None) -> list[Segment]:
    """Expect nothing from the day on which a national source began to share the item."""
    if settled_on is None:
        return segments
    last = settled_on - timedelta(days=1)
    return [
        replace(one, until=min(one.until or last, last)) for one in segments if one.plan.since < settled_on
    ]


def _defaults(item: str, began: date, own_since: date | None) -> list[Segment]:
    """What the parameter's editions say, each from its day on, until the provider has a plan of its own."""
    ordered = sorted(editions(), key=lambda edition: edition.effective_from)
    ends = [edition.effective_from for edition in ordered[1:]]
    found = []
    for edition, next_from in zip(ordered, [*ends, None], strict=True):
        until = min((day for day in (next_from, own_since) if day is not None), default=None)
        if (plan := edition.plans.get(item)) is not None:
            since = max(began, edition.effective_from)
            own = Plan(plan.every, plan.day, edition.grace_working_days, since)
            found.append(Segment(own, until - timedelta(days=1) if until else None, 0))
    return found


def _began(provider: str | None) -> dict[Key, date]:
    """The day of the first batch of each provider and item that was filed here."""
    filed = Batch.objects.filter(status=Status.FILED)
    if provider is not None:
        filed = filed.filter(provider_id=provider)
    first = filed.values_list("provider_id", "item").annotate(first=Min("received_at"))
    return {(owner, item): moment.astimezone(CHINA).date() for owner, item, moment in first}
