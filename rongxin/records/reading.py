"""Read the facts of one subject. Only the gate may import this module (import contract `facts`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rongxin.journal import plans
from rongxin.records import seals


@dataclass(frozen=True, slots=True)
class Row:
    """A fact as it counted at the time asked for; what the annex lacks (`source`) is not part of it."""

    id: int
    item: str
    item_version: int
    payload: dict[str, Any]
    provider: str
    batch_id: UUID
    line: int
    observed_on: date | None
    received_at: datetime


# The primary key of the one partition that holds the subject finds its rows, live and ended.
_OF = """
SELECT id, item, item_version, payload::text, provider, batch_id, line, observed_on, received_at, sealed
FROM records_record
WHERE subject_id = %s AND item = ANY(%s) AND filed_at <= %s AND (ended_at IS NULL OR ended_at > %s)
ORDER BY observed_on DESC NULLS LAST, id DESC
"""


def of(subject_id: int, items: Collection[str], *, as_of: datetime) -> dict[str, list[Row]]:
    """Return the rows that counted at `as_of`, newest first, for every item asked for (empty: none held)."""
    found: dict[str, list[Row]] = {item: [] for item in items}
    if not found:
        return found
    for row in plans.rows(_OF, [subject_id, list(found), as_of, as_of]):
        payload = seals.whole(subject_id, row[1], row[5], row[6], row[3], row[9])
        found[row[1]].append(Row(row[0], row[1], row[2], payload, *row[4:9]))
    return found


def connected_items() -> frozenset[str]:
    """Return the items of which at least one batch was filed: "no record" may be said of these only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT item FROM records_source")
        return frozenset(item for (item,) in cursor.fetchall())
