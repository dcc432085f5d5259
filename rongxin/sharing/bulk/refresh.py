"""更新: the worker's round over all agreements, and what becomes of rows when one is over ((五) 及时更新)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from rongxin.catalogue import loader
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.records import answered
from rongxin.sharing.bulk import agreements, freshness, queue, turns
from rongxin.sharing.bulk.agreements import Card
from rongxin.sharing.bulk.models import BulkAgreement, BulkTurn
from rongxin.sharing.bulk.rules import State
from rongxin.sharing.bulk.turns import Turn
from rongxin.vocabulary.actor import SYSTEM


def once(*, as_of: datetime, provider: str | None = None, accept_endings: bool = False) -> list[Turn]:
    """Take one turn under each agreement in force; return those in which somebody was asked."""
    taken = [
        turns.take(card.id, as_of=as_of, accept_endings=accept_endings)
        for card in agreements.in_force(as_of=as_of)
        if provider in (None, card.provider)
    ]
    return [turn for turn in taken if turn is not None]


def sweep(*, as_of: datetime) -> int:
    """End the rows of agreements after which they may be kept no longer; return how many.

    Where another agreement about the item keeps them, they stay.
    """
    today, ended = agreements.day_of(as_of), 0
    over = BulkAgreement.objects.filter(state__in=[State.IN_FORCE, State.ENDED], swept_at=None)
    for card in [agreements.get(row.id) for row in over]:
        to_come = card.state is State.IN_FORCE and today < card.terms.from_on
        if not to_come and not card.may_be_kept(today):
            ended += _sweep(card, as_of)
    return ended


def _sweep(card: Card, as_of: datetime) -> int:
    refs: dict[str, str | int] = {"agreement": str(card.id), "item": card.item, "provider": card.provider}
    ended = 0
    if card.item not in agreements.keeping([card.item], as_of=as_of):
        # First what is known of the subjects: without its rows "asked" would read as "no record".
        freshness.forget(card.item)
        ended = answered.end_all(card.item, card.provider, by=f"agreement:{card.id}", as_of=as_of)
    with transaction.atomic():
        BulkAgreement.objects.filter(pk=card.id).update(swept_at=as_of)
        entries.append(Kind.BULK_SWEPT, actor=SYSTEM, refs={**refs, "ended": ended}, as_of=as_of)
    return ended


def status(*, as_of: datetime, provider: str | None = None) -> Sequence[Mapping[str, Any]]:
    """Return, of each agreement in force, how fresh its subjects are and what load the provider bears."""
    cards = [card for card in agreements.in_force(as_of=as_of) if provider in (None, card.provider)]
    return [_status(card, as_of) for card in cards]


def _status(card: Card, as_of: datetime) -> Mapping[str, Any]:
    subjects = queue.size(loader.load().item(card.item))
    counted = freshness.counts(card, as_of=as_of)
    past = BulkTurn.objects.filter(agreement=card.id)
    load = past.filter(taken_at__gt=as_of - timedelta(days=1)).aggregate(
        asked=Sum("asked", default=0), answered=Sum("answered", default=0)
    )
    last = past.exclude(finished_at=None).order_by("-taken_at").first()
    # Everybody has to come up once in three quarters of the interval, when it begins to be due.
    minutes = card.terms.refresh_days * 24 * 60 * 3 // 4
    return {
        **card.document(),
        "subjects": subjects,
        **counted,
        "missing": subjects - counted["observed"] - counted["observed_none"],
        "asked_24h": load["asked"],
        "answered_24h": load["answered"],
        "rate_suffices": subjects <= card.terms.calls_per_minute * minutes,
        "last_turn": last.ended if last else None,
        "last_turn_at": last.finished_at.isoformat() if last and last.finished_at else None,
    }
