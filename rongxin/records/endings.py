"""Why rows no longer count: told of rows that somebody holds, so that they can be taken back ((九))."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from rongxin.records.rules import EndedWhy

_WHY = """
SELECT r.id, r.ended_why
FROM unnest(%s::bigint[], %s::bigint[]) AS held (subject_id, id)
JOIN records_record r ON r.subject_id = held.subject_id AND r.id = held.id
WHERE r.ended_at IS NOT NULL
"""


def why(rows: Sequence[tuple[int, int]]) -> dict[int, EndedWhy]:
    """Return for each of these rows (subject, id) that has ended why it has; live ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_WHY, [[subject for subject, _ in rows], [record for _, record in rows]])
        return {record: EndedWhy(ended) for record, ended in cursor.fetchall()}
