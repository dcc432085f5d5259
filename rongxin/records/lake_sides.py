"""On which side of a record its subject stands: names of parties are in no file, only whether one is its own.

The lake holds no name that could be a person's. Whether the subject's own name, as the row itself has it,
stands in such a field is no name: it is drawn from the store when a set is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import connection
from psycopg import sql

# The names of one field are parted as registers part them. A field that is blank says nothing of a side.
_DRAW = """
COPY (
    SELECT r.id, {sides}
    FROM records_record r
    WHERE r.item = {item} AND r.ended_at IS NULL AND ({everybody} OR r.subject_id = ANY ({only}::bigint[]))
) TO STDOUT WITH (FORMAT csv)
"""
_SIDE = "btrim(r.payload ->> 'name') = ANY (regexp_split_to_array(r.payload ->> {field}, {between}))"


def draw(item: str, fields: Sequence[str], between: str, only: Sequence[int] | None) -> Iterator[bytes]:
    """Yield, as CSV without a header, id and for each field whether the subject's name stands in it.

    `between` is the regular expression of what parts names; `only`: the rows of these subjects alone.
    """
    sides = (
        sql.SQL(_SIDE).format(field=sql.Literal(field), between=sql.Literal(between)) for field in fields
    )
    statement = sql.SQL(_DRAW).format(
        sides=sql.SQL(", ").join(sides),
        item=sql.Literal(item),
        everybody=sql.Literal(only is None),
        only=sql.Literal(list(only or ())),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            yield bytes(row)
