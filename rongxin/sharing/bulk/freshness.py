"""What is known of a subject under an item kept by agreement, and since when ((五); annex note 2).

"Never asked", and "asked, but too long ago", are *missing*: never "no record".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection

from rongxin.catalogue import loader
from rongxin.exchange import collection
from rongxin.journal import plans
from rongxin.sharing.bulk import agreements, rules
from rongxin.sharing.bulk.agreements import Card
from rongxin.sharing.bulk.models import BulkFreshness, BulkTurn
from rongxin.sharing.bulk.rules import Seen
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.subject_kind import SubjectKind


@dataclass(frozen=True)
class Kept:
    """The last answer about a subject under an item that is kept by agreement."""

    provider: str
    observed_at: datetime
    #: RECORDS or NO_RECORD.
    observed: Availability


# An answer whose batch was taken back tells nothing any more.
STANDING = """
    f.observed_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM sharing_bulkturn t JOIN sharing_batch b ON b.id = t.batch_id
        WHERE t.id = f.turn_id AND b.status = 'withdrawn'
    )
"""
_OF_SUBJECT = f"""
    SELECT f.item, f.observed_at, f.observed FROM sharing_bulkfreshness f
    WHERE f.subject_id = %s AND f.item = ANY(%s) AND {STANDING}
"""  # noqa: S608
_OF_ITEM = f"""
    SELECT s.id, s.kind, f.observed_at, f.observed
    FROM parties_subject s
    LEFT JOIN sharing_bulkfreshness f ON f.subject_id = s.id AND f.item = %s AND {STANDING}
    WHERE s.id = ANY(%s)
"""  # noqa: S608


def kept(subject: int, items: Sequence[str], *, own: bool, as_of: datetime) -> dict[str, Kept]:
    """Return, of these items, those that need not be called: the provider was asked within its interval.

    `own`: the subject itself asks, and is shown all that is held of it, however old ((九)).
    """
    candidates = [name for name in items if name in _collected()]
    # First what is known of the subject: of most, nothing, and every report asks.
    found = plans.rows(_OF_SUBJECT, [subject, candidates]) if candidates else []
    agreed = agreements.keeping([item for item, _, _ in found], as_of=as_of) if found else {}
    return {
        item: Kept(agreed[item].provider, observed_at, Availability(observed))
        for item, observed_at, observed in found
        if item in agreed and (own or observed_at > rules.stale_before(agreed[item].terms, as_of=as_of))
    }


@cache
def _collected() -> frozenset[str]:
    """Return the items that may be agreed upon at all."""
    return frozenset(
        name for name, item in loader.load().items.items() if collection.channel_of(item) is not None
    )


def seen(item: str, subjects: Sequence[int], *, as_of: datetime) -> dict[int, Seen]:
    """Return of each subject what is known under an item: four states, and no fifth."""
    known = loader.load().item(item)
    card = agreements.keeping([item], as_of=as_of).get(item)
    with connection.cursor() as cursor:
        cursor.execute(_OF_ITEM, [item, list(subjects)])
        rows = cursor.fetchall()
    return {
        subject: Seen.NOT_APPLICABLE
        if SubjectKind(kind) in known.not_applicable_to
        else _seen(card, observed_at, observed, as_of)
        for subject, kind, observed_at, observed in rows
    }


def _seen(card: Card | None, observed_at: datetime | None, observed: str, as_of: datetime) -> Seen:
    if card is None or observed_at is None or observed_at <= rules.stale_before(card.terms, as_of=as_of):
        return Seen.MISSING
    return Seen.OBSERVED if observed == Availability.RECORDS.value else Seen.OBSERVED_NONE


@dataclass(frozen=True)
class Noted:
    """What one turn has to say of one subject; one that doesn't say all leaves the last standing."""

    subject: int
    availability: Availability

    @property
    def whole(self) -> bool:
        return self.availability in (Availability.RECORDS, Availability.NO_RECORD)


_NOTE = """
    INSERT INTO sharing_bulkfreshness AS f
        (item, subject_id, asked_at, availability, observed_at, observed, turn_id)
    SELECT %(item)s, noted.subject, %(as_of)s, noted.availability,
           CASE WHEN noted.whole THEN %(as_of)s::timestamptz END,
           CASE WHEN noted.whole THEN noted.availability ELSE '' END,
           CASE WHEN noted.whole THEN %(turn)s::uuid END
    FROM unnest(%(subjects)s::bigint[], %(said)s::text[], %(whole)s::bool[])
         AS noted (subject, availability, whole)
    ON CONFLICT (item, subject_id) DO UPDATE SET
        asked_at = excluded.asked_at,
        availability = excluded.availability,
        observed_at = coalesce(excluded.observed_at, f.observed_at),
        observed = CASE WHEN excluded.observed_at IS NULL THEN f.observed ELSE excluded.observed END,
        turn_id = coalesce(excluded.turn_id, f.turn_id)
"""


def note(item: str, turn: UUID, noted: Sequence[Noted], *, as_of: datetime) -> None:
    """Write down what a turn has found out, in the transaction that files it."""
    given: dict[str, Any] = {
        "item": item,
        "turn": turn,
        "as_of": as_of,
        "subjects": [one.subject for one in noted],
        "said": [one.availability.value for one in noted],
        "whole": [one.whole for one in noted],
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, given)


def forget_turn_of(batch: UUID) -> None:
    """Let nothing be known of those whose answers a batch brought: later turns may only have confirmed it."""
    for turn in BulkTurn.objects.filter(batch=batch):
        rows = BulkFreshness.objects.filter(item=turn.agreement.item, subject__in=turn.subjects)
        rows.update(observed_at=None, observed="", turn=None)


def asked_in(turn: UUID) -> set[int]:
    """Return the subjects about whom a turn asked."""
    row = BulkTurn.objects.filter(pk=turn).values_list("subjects", flat=True).first()
    return set(map(int, row or ()))


def forget(item: str) -> None:
    """Let nothing be known of an item any more, before its rows end."""
    BulkFreshness.objects.filter(item=item).update(observed_at=None, observed="", turn=None)


_COUNT = f"""
    SELECT count(*) FILTER (WHERE {STANDING} AND f.observed_at > %(stale)s AND f.observed = 'records'),
           count(*) FILTER (WHERE {STANDING} AND f.observed_at > %(stale)s AND f.observed = 'no_record'),
           count(*), min(f.observed_at) FILTER (WHERE {STANDING})
    FROM sharing_bulkfreshness f WHERE f.item = %(item)s
"""  # noqa: S608


def counts(card: Card, *, as_of: datetime) -> Mapping[str, Any]:
    """Return how many subjects are observed, observed without a record, and how old the oldest answer is."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"item": card.item, "stale": rules.stale_before(card.terms, as_of=as_of)})
        observed, none, asked, oldest = cursor.fetchone()
    return {
        "observed": int(observed),
        "observed_none": int(none),
        "asked": int(asked),
        "oldest_observed_at": oldest.isoformat() if oldest else None,
    }
