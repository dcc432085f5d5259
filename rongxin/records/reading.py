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


# The database gives them to a committed intent only, for its own subject and items, and once. The function is
# the gate's (migration disclosure 0002).
_OF = """
SELECT subject_id, id, item, item_version, payload, provider, batch_id, line, observed_on, received_at, sealed
FROM gate_read(%s, %s)
"""


def of(intent: UUID, items: Collection[str]) -> dict[str, list[Row]]:
    """Return the rows of the intent's subject that count now, newest first, for every item asked for
    (empty: none held). The intent must be committed, must name the items, and is used up.
    """
    found: dict[str, list[Row]] = {item: [] for item in items}
    if not found:
        return found
    for subject_id, *row, sealed in plans.rows(_OF, [intent, list(found)]):
        payload = seals.whole(subject_id, row[1], row[5], row[6], row[3], sealed)
        found[row[1]].append(Row(row[0], row[1], row[2], payload, *row[4:9]))
    return found


def connected_items() -> frozenset[str]:
    """Return the items of which at least one batch was filed: "no record" may be said of these only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT item FROM records_source")
        return frozenset(item for (item,) in cursor.fetchall())
