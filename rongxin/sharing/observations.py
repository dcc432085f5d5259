"""Who has answered for which item, and when last: the difference between "no record" and *missing*, of sets.

Of an item that is handed in, its source has answered for every subject; of one kept by agreement, only for
those whom its provider was asked about (docs/decisions/0025).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import connection
from psycopg import sql

from rongxin.catalogue import loader
from rongxin.exchange import collection
from rongxin.sharing.bulk import agreements, freshness

_DRAW = """
COPY (
    SELECT item, NULL::bigint AS subject, max(finished_at AT TIME ZONE 'Asia/Shanghai')::date AS answered_on
    FROM sharing_batch WHERE status = 'filed' AND item = ANY ({handed_in}::text[]) GROUP BY item
    UNION ALL
    SELECT item, NULL, max(taken_at AT TIME ZONE 'Asia/Shanghai')::date
    FROM sharing_movedfile WHERE item = ANY ({handed_in}::text[]) GROUP BY item
    UNION ALL
    SELECT f.item, f.subject_id, (f.observed_at AT TIME ZONE 'Asia/Shanghai')::date
    FROM sharing_bulkfreshness f
    WHERE f.item = ANY ({kept}::text[]) AND ({everybody} OR f.subject_id = ANY ({only}::bigint[]))
      AND {standing}
) TO STDOUT WITH (FORMAT csv)
"""


def draw(items: Sequence[str], only: Sequence[int] | None, *, as_of: datetime) -> Iterator[bytes]:
    """Yield item, subject (empty: for every subject) and day of the last answer, as CSV without a header.

    `only`: of items kept by agreement, answers about these subjects alone.
    """
    known = loader.load()
    by_agreement = [name for name in items if collection.channel_of(known.item(name)) is not None]
    statement = sql.SQL(_DRAW).format(
        handed_in=sql.Literal([name for name in items if known.item(name).aggregation is not None]),
        kept=sql.Literal(sorted(agreements.keeping(by_agreement, as_of=as_of))),
        everybody=sql.Literal(only is None),
        only=sql.Literal(list(only or ())),
        standing=sql.SQL(freshness.STANDING),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            yield bytes(row)
