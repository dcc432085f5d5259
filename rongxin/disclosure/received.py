"""Who received a record: institutions and departments that an answer with it left to ((九)(十)).

An outcome keeps the numbers of the store's records that left by it, and of the steps that institutions told.
Of answers from before these were noted, and of what leaves of a provider's answers, it tells only how many
rows of the item left: then whoever got the item while the record counted is taken to have got it. Rather one
told too many than one too few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import connection

from rongxin.catalogue import loader
from rongxin.disclosure import told
from rongxin.records.rules import EndedWhy


class Over(Protocol):
    """What is over: a record of the store (`records.whereabouts.Place`) or a row of what was told."""

    @property
    def subject(self) -> int: ...
    @property
    def record(self) -> int: ...
    @property
    def item(self) -> str: ...
    @property
    def filed_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def ended_why(self) -> EndedWhy | None: ...
    @property
    def ended_by(self) -> str | None: ...
    @property
    def versions(self) -> Sequence[int]:
        """The numbers under which the same record stood; empty: its own alone."""


@dataclass(frozen=True)
class Received:
    """A recipient of a record, and by which requests it got it, the first one first."""

    record: int
    recipient_kind: str
    recipient: str
    requests: tuple[tuple[UUID, datetime], ...]


_RECEIVED = """
SELECT place.record, intent.recipient_kind, intent.recipient,
       array_agg(intent.id ORDER BY outcome.decided_at),
       array_agg(outcome.decided_at ORDER BY outcome.decided_at)
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[],
            %s::bool[])
         AS place (subject, record, item, filed_at, ended_at, versions, stored)
JOIN disclosure_intent intent ON intent.subject_id = place.subject
     AND intent.recipient_kind NOT IN ('subject', 'operator')
JOIN disclosure_outcome outcome ON outcome.intent_id = intent.id AND outcome.released
WHERE CASE WHEN place.stored AND outcome.records IS NOT NULL
           THEN outcome.records && place.versions::bigint[]
           ELSE (outcome.summary -> place.item ->> 2)::int > 0
                AND outcome.decided_at >= place.filed_at
                AND outcome.decided_at <= coalesce(place.ended_at, 'infinity')
      END
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def of(places: Sequence[Over]) -> list[Received]:
    """Return who received these records: not the subjects themselves, nor the operator, who keeps no copy."""
    if not places:
        return []
    columns = (
        [place.subject for place in places],
        [place.record for place in places],
        [place.item for place in places],
        [place.filed_at for place in places],
        [place.ended_at for place in places],
        ["{" + ",".join(map(str, place.versions or (place.record,))) + "}" for place in places],
        [numbered(place.item) for place in places],
    )
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVED, columns)
        return [
            Received(record, kind, who, tuple(zip(ids, days, strict=True)))
            for record, kind, who, ids, days in cursor.fetchall()
        ]


def numbered(item: str) -> bool:
    """Whether each row of an item has a number, which the register notes as it leaves."""
    return item in told.ITEMS or loader.load().item(item).aggregation is not None
