"""What the store holds of a subject, read with the owner's rights: the product reads by an intent only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from rongxin.records import seals
from rongxin.records.reading import Row

_OF = """
SELECT id, item, item_version, payload::text, provider, batch_id, line, observed_on, received_at, sealed
FROM records_record
WHERE subject_id = %s AND item = ANY(%s) AND filed_at <= %s AND (ended_at IS NULL OR ended_at > %s)
ORDER BY observed_on DESC NULLS LAST, id DESC
"""


def of(subject_id: int, items: Collection[str], *, as_of: datetime) -> dict[str, list[Row]]:
    """Return the rows that counted at `as_of`, newest first, for every item asked for."""
    found: dict[str, list[Row]] = {item: [] for item in items}
    with connection.cursor() as cursor:
        cursor.execute(_OF, [subject_id, list(found), as_of, as_of])
        for row in cursor.fetchall():
            payload = seals.whole(subject_id, row[1], row[5], row[6], row[3], row[9])
            found[row[1]].append(Row(row[0], row[1], row[2], payload, *row[4:9]))
    return found
