"""What was arranged with providers, on its way from one node to another: from which level each hands in, of
whose firms it speaks, mappings and schedules ((三)(五)).

What is in force moves, not how it came about: the versions before it tell of batches of the other node. One
that is here already in other words stands; whoever moves in is told and decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from rongxin.parties import providers
from rongxin.parties.errors import InvalidRemit, UnknownParty
from rongxin.sharing import source_levels
from rongxin.sharing.aggregation import mandates, mapping_file, saved_mappings
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Schedule
from rongxin.sharing.schedule import plans
from rongxin.sharing.schedule.rules import Every
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.level import SourceLevel


@dataclass
class Taken:
    """What came of the rows of one file; a refusal says line, code and why."""

    read: int = 0
    taken: int = 0
    already: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)


def levels_out(*, as_of: datetime) -> Iterator[dict[str, Any]]:
    """Yield the level that is set for each provider."""
    for provider, level in sorted(source_levels.declared(as_of=as_of).items()):
        yield {"provider": provider, "level": level.value}


def remits_out() -> Iterator[dict[str, Any]]:
    """Yield the remit of each provider of which one is declared."""
    for card in providers.every():
        if card.remit.declared:
            yield {"provider": card.id, **card.remit.document()}


def mappings_out(*, as_of: datetime) -> Iterator[dict[str, Any]]:
    """Yield the mapping in force of each provider and item."""
    for card in saved_mappings.listed(as_of=as_of):
        if card.in_force:
            yield {
                "provider": card.provider,
                "item": card.item,
                "mapping": card.document,
                "saved_at": card.saved_at.isoformat(),
            }


def schedules_out() -> Iterator[dict[str, Any]]:
    """Yield the plan that was last set for each provider and item."""
    for row in _last_set().values():
        yield {
            "provider": row.provider_id,
            "item": row.item,
            "every": row.every,
            "day": row.day,
            "grace_working_days": row.grace_working_days,
            "set_at": row.set_at.isoformat(),
        }


def take_levels(rows: Iterable[Mapping[str, Any]], *, actor: Actor, as_of: datetime) -> Taken:
    """Set providers' levels as if it were done here today; where another one is set, it is refused."""
    held = source_levels.declared(as_of=as_of)

    def one(provider: str, _: str, row: Mapping[str, Any]) -> bool:
        try:
            level = SourceLevel(str(row.get("level")))
        except ValueError as error:
            raise Refused(
                "level_invalid",
                what=f"来源层级“{row.get('level')}”无法识别",
                where=provider,
                what_to_do=f"应为 {'、'.join(SourceLevel)}，见 docs/moving.md。",
            ) from error
        if held.get(provider, level) is not level:
            raise _differs("level_differs", "来源层级", provider, "")
        if provider not in held:
            source_levels.set_level(provider, level, actor=actor, as_of=as_of)
            held[provider] = level
            return True
        return False

    return _each(rows, one)


def take_remits(rows: Iterable[Mapping[str, Any]], *, actor: Actor, as_of: datetime) -> Taken:
    """Declare providers' remits as if it were done here today; where another one stands, it is refused."""

    def one(provider: str, _: str, row: Mapping[str, Any]) -> bool:
        try:
            wanted = providers.remit(_words(row, "regions"), _words(row, "subject_kinds"))
            held = providers.get(provider).remit
        except UnknownParty as error:
            raise Refused(
                "unknown_provider", what=str(error), where=provider, what_to_do="请核对单位标识。"
            ) from error
        except InvalidRemit as error:
            raise Refused(
                "remit_invalid", what=str(error), where=provider, what_to_do="见 docs/moving.md。"
            ) from error
        if held.declared and held != wanted:
            raise _differs("remit_differs", "职责范围", provider, "")
        if not held.declared and wanted.declared:
            providers.declare(provider, wanted, actor=actor, as_of=as_of)
            return True
        return False

    return _each(rows, one)


def take_mappings(rows: Iterable[Mapping[str, Any]], *, actor: Actor, as_of: datetime) -> Taken:
    """Put mappings in force as if they were saved here today; where another one stands, it is refused."""

    def one(provider: str, item: str, row: Mapping[str, Any]) -> bool:
        known, _ = mandates.admitted(item, provider)
        wanted = mapping_file.stored(saved_mappings.checked(row.get("mapping"), known, as_of=as_of))
        held = saved_mappings.standing(item, provider, as_of=as_of)
        if held is not None and held.document != wanted:
            raise _differs("mapping_differs", "列映射", provider, item)
        if held is None:
            saved_mappings.save(wanted, item=item, provider=provider, actor=actor, as_of=as_of)
        return held is None

    return _each(rows, one)


def take_schedules(rows: Iterable[Mapping[str, Any]], *, actor: Actor, as_of: datetime) -> Taken:
    """Set schedules from today on: what was due before was due elsewhere. Another one that is set stands."""
    held = _last_set()

    def one(provider: str, item: str, row: Mapping[str, Any]) -> bool:
        try:
            every, day = Every(str(row.get("every"))), row.get("day")
            wanted = (every, int(day) if day is not None else None, int(row["grace_working_days"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(
                "schedule_invalid",
                what="报送计划的字段不全或有误",
                where=f"{provider} {item}",
                what_to_do="须有 every、day、grace_working_days，见 docs/moving.md。",
            ) from error
        known = held.get((provider, item))
        if known is not None:
            if (Every(known.every), known.day, known.grace_working_days) != wanted:
                raise _differs("schedule_differs", "报送计划", provider, item)
            return False
        plans.set_plan(
            item=item,
            provider=provider,
            every=wanted[0],
            day=wanted[1],
            grace_working_days=wanted[2],
            actor=actor,
            as_of=as_of,
        )
        return True

    return _each(rows, one)


def _last_set() -> dict[plans.Key, Schedule]:
    ordered = Schedule.objects.order_by("provider_id", "item", "version")
    return {(row.provider_id, row.item): row for row in ordered}


def _words(row: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of a row; a file of lines has it as one text with spaces between."""
    found = row.get(name) or []
    return found.split() if isinstance(found, str) else [str(word) for word in found]


def _each(rows: Iterable[Mapping[str, Any]], take: Callable[[str, str, Mapping[str, Any]], bool]) -> Taken:
    found = Taken()
    for number, row in enumerate(rows, 1):
        found.read += 1
        try:
            with transaction.atomic():
                if take(str(row.get("provider") or ""), str(row.get("item") or ""), row):
                    found.taken += 1
                else:
                    found.already += 1
        except Refused as refusal:
            found.refused.append((number, refusal.code, str(refusal)))
    return found


def _differs(code: str, what: str, provider: str, item: str) -> Refused:
    return Refused(
        code,
        what=f"本平台已有 {provider} {item} 的另一份{what}，未改动".replace("  ", " "),
        where=f"{provider} {item}".strip(),
        what_to_do="请核对以哪一份为准，再自行设定。",
    )
