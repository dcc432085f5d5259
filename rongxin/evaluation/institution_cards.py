"""机构评分卡: cards that institutions make themselves ((七): 自主开展信用评价), each its institution's alone.

A card is a table and nothing else: its content is checked part by part, bounded, and never executed. It is
applied to what the gate lets through for a case of its institution (`disclosure`), and nobody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils import timezone
from pydantic import Field

from rongxin.catalogue import redaction
from rongxin.evaluation import card_inputs, loading
from rongxin.evaluation.errors import (
    InstitutionCardRefused,
    InstitutionCardRetired,
    InvalidEdition,
    UnknownInstitutionCard,
)
from rongxin.evaluation.fitting import card as cards
from rongxin.evaluation.fitting.card import Card
from rongxin.evaluation.fitting.errors import BadCard
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.models import InstitutionCard as Row
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.vocabulary import edition
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.edition import Edition

_PARAMETERS = Path(__file__).parent / "parameters"
_FAULTS_MAX = 5
NAME_MAX = 100


class Limits(Edition):
    """How much an institution's cards may be."""

    bytes_max: int = Field(ge=1_000, le=cards.BYTES_MAX)
    columns_max: int = Field(ge=1, le=cards.COLUMNS_MAX)
    live_max: int = Field(ge=1)


@dataclass(frozen=True)
class Held:
    """A card as its institution sees it."""

    id: UUID
    institution: str
    name: str
    content: Card
    uploaded_at: datetime
    retired_at: datetime | None

    @property
    def items(self) -> tuple[str, ...]:
        """The items that it asks the gate for."""
        inputs = filter(None, (card_inputs.of_column(column.name) for column in self.content.columns))
        return card_inputs.items_of(inputs, specification())

    def document(self) -> dict[str, Any]:
        return {
            "card": str(self.id),
            "name": self.name,
            "digest": self.content.digest,
            "columns": [column.name for column in self.content.columns],
            "items": list(self.items),
            "uploaded_at": self.uploaded_at.isoformat(),
            "retired_at": self.retired_at.isoformat() if self.retired_at else None,
        }


def specification() -> Specification:
    """Return the indicators that cards may name."""
    return loading.load(None)


def limits(on: date) -> Limits:
    return edition.in_force(_editions(), on)


def upload(institution: str, name: str, data: bytes, *, actor: Actor, as_of: datetime) -> Held:
    """Take a card of an institution's; the same one twice is one. Raises `InstitutionCardRefused`."""
    bound = limits(timezone.localdate(as_of))
    title = name.strip()
    if not title or len(title) > NAME_MAX or redaction.holds_number(title):
        raise InstitutionCardRefused(f"评分卡名称应为 1 至 {NAME_MAX} 字，且不含个人号码")
    made = _read(data, bound)
    with transaction.atomic():
        _take_turn(institution)
        live = Row.objects.filter(institution=institution, retired_at=None)
        same = live.filter(digest=made.digest).first()
        if same is not None:
            return _held(same)
        if live.count() >= bound.live_max:
            raise InstitutionCardRefused(
                f"在用评分卡已达 {bound.live_max} 张的上限，请先停用不再使用的 (retire one first)"
            )
        row = Row.objects.create(
            id=uuid4(),
            institution_id=institution,
            name=title,
            digest=made.digest,
            content=made.model_dump_json(),
            uploaded_at=as_of,
            uploaded_by=str(actor),
        )
        _journal(row, "uploaded", actor=actor, as_of=as_of)
    return _held(row)


def every(institution: str) -> list[Held]:
    """Return an institution's own cards, the newest first."""
    return [_held(row) for row in Row.objects.filter(institution=institution).order_by("-uploaded_at", "id")]


def of(card: UUID, *, institution: str) -> Held:
    """Return an institution's own card; of another's it is not said whether there is one."""
    row = Row.objects.filter(pk=card, institution=institution).first()
    if row is None:
        raise UnknownInstitutionCard(f"没有编号为 {card} 的评分卡")
    return _held(row)


def in_use(card: UUID, *, institution: str) -> Held:
    """Return a card that may be applied; raises `UnknownInstitutionCard`, `InstitutionCardRetired`."""
    held = of(card, institution=institution)
    if held.retired_at is not None:
        raise InstitutionCardRetired(f"评分卡“{held.name}”已停用，请上传新的评分卡")
    return held


def retire(card: UUID, *, institution: str, actor: Actor, as_of: datetime) -> Held:
    """Let a card be applied no more; it stays readable. Raises `UnknownInstitutionCard`, `…Retired`."""
    with transaction.atomic():
        _take_turn(institution)
        in_use(card, institution=institution)
        row = Row.objects.get(pk=card)
        row.retired_at, row.retired_by = as_of, str(actor)
        row.save(update_fields=["retired_at", "retired_by"])
        _journal(row, "retired", actor=actor, as_of=as_of)
    return _held(row)


def _read(data: bytes, bound: Limits) -> Card:
    if len(data) > bound.bytes_max:
        raise InstitutionCardRefused(f"评分卡 {len(data)} 字节，上限 {bound.bytes_max} 字节")
    try:
        made = cards.parse(data, "评分卡 card")
    except BadCard as error:
        raise InstitutionCardRefused(f"{error}；请用 rongxin evaluate fit 写出的评分卡文件") from error
    if not 0 < len(made.columns) <= bound.columns_max:
        raise InstitutionCardRefused(f"评分卡有 {len(made.columns)} 列，应为 1 至 {bound.columns_max} 列")
    found = list(card_inputs.faults(made, specification()))
    if found:
        more = f"；另有 {len(found) - _FAULTS_MAX} 处" if len(found) > _FAULTS_MAX else ""
        raise InstitutionCardRefused("；".join(found[:_FAULTS_MAX]) + more)
    return made


def _take_turn(institution: str) -> None:
    with connection.cursor() as cursor:
        key = f"evaluation.institution_card:{institution}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _held(row: Row) -> Held:
    content = Card.model_validate_json(row.content)
    return Held(row.id, row.institution_id, row.name, content, row.uploaded_at, row.retired_at)


def _journal(row: Row, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"card": str(row.id), "institution": row.institution_id, "change": change}
    digest = row.digest.removeprefix("sha256:")
    entries.append(
        Kind.INSTITUTION_CARD_CHANGED, actor=actor, refs=refs, commitments={"card": digest}, as_of=as_of
    )


@cache
def _editions() -> tuple[Limits, ...]:
    return edition.read(_PARAMETERS, "institution_cards_*.yaml", Limits, broken=InvalidEdition)
