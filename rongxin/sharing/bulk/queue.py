"""Whom to ask next under an agreement: the set-based twin of `rules.next_ones`, a property test holds them
equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from rongxin.catalogue import regions
from rongxin.catalogue.schema import Item
from rongxin.exchange.question import SubjectKeys
from rongxin.sharing.bulk import rules
from rongxin.sharing.bulk.freshness import STANDING
from rongxin.sharing.bulk.rules import Terms
from rongxin.vocabulary.subject_kind import SubjectKind


@dataclass(frozen=True)
class Asked:
    """A subject that is to be asked about, and by what the provider finds it."""

    id: int
    kind: SubjectKind
    keys: SubjectKeys


# Firms without a code can't be told apart at the provider; of one that is deregistered nothing is collected.
_SUBJECTS = "s.uscc IS NOT NULL AND s.registration_status <> 'deregistered' AND NOT (s.kind = ANY(%(not)s))"
_NEXT = f"""
    WITH known AS (
        SELECT f.subject_id, f.asked_at, CASE WHEN {STANDING} THEN f.observed_at END AS observed_at
        FROM sharing_bulkfreshness f WHERE f.item = %(item)s
    )
    SELECT s.id, s.kind, s.uscc, s.name, s.region
    FROM parties_subject s LEFT JOIN known k ON k.subject_id = s.id
    WHERE {_SUBJECTS}
      AND (k.asked_at IS NULL
           OR k.asked_at <= %(rested)s AND (k.observed_at IS NULL OR k.observed_at < %(due)s))
    ORDER BY k.asked_at NULLS FIRST, s.id
    LIMIT %(limit)s
"""  # noqa: S608
_COUNT = f"SELECT count(*) FROM parties_subject s WHERE {_SUBJECTS}"  # noqa: S608


def next_ones(item: Item, terms: Terms, *, limit: int, as_of: datetime) -> Sequence[Asked]:
    """Return whom to ask about now, asked longest ago first, at most `limit`."""
    given: dict[str, Any] = {
        "item": item.item,
        "not": [kind.value for kind in item.not_applicable_to],
        "rested": as_of - rules.REST,
        "due": rules.due_before(terms, as_of=as_of),
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, given)
        return [
            Asked(id, SubjectKind(kind), SubjectKeys(uscc, name, regions.label(region) if region else ""))
            for id, kind, uscc, name, region in cursor.fetchall()
        ]


def size(item: Item) -> int:
    """Return how many subjects an agreement about the item reaches."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"not": [kind.value for kind in item.not_applicable_to]})
        (count,) = cursor.fetchone()
    return int(count)
