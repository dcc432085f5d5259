"""News: what other parts of the house react to. The journal is the outbox, read in the order of its leaves.

A consumer's cursor moves in the same transaction as what the consumer does in this database: both or
neither, so a crash neither loses nor doubles. What it does outside (a webhook) may be repeated after a
crash; make that idempotent by the entry's id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from rongxin.journal import tree
from rongxin.journal.entries import Entry
from rongxin.journal.rules import Kind
from rongxin.proof import merkle

WINDOW_LEAVES = 4_096  # how far one reading looks ahead when its kinds are rare
_TURN = """
INSERT INTO journal_cursor (consumer) VALUES (%s)
ON CONFLICT (consumer) DO UPDATE SET consumer = excluded.consumer
RETURNING position
"""
_NEWS = """
SELECT l.index, e.id, e.body
FROM journal_leaf l JOIN journal_entry e ON e.id = l.entry
WHERE l.index >= %s AND l.index < %s AND e.kind = ANY(%s)
ORDER BY l.index
LIMIT %s
"""


@dataclass(frozen=True)
class News(Entry):
    """An entry and its place in the tree."""

    index: int


@contextmanager
def read(consumer: str, kinds: Collection[Kind], *, entries_max: int = 100) -> Iterator[list[News]]:
    """Hand the next news of these kinds to the `with` block; only leaving it in order moves the cursor.

    One reader at a time per consumer: the next waits. The list is empty when there is nothing new, and also
    when only other kinds came: read until `lag` is 0 rather than until nothing came.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_TURN, [consumer])  # locks the row: our turn until the end of the transaction
            position = int(cursor.fetchone()[0])
            stop = min(tree.size(), position + WINDOW_LEAVES)
            cursor.execute(_NEWS, [position, stop, [kind.value for kind in kinds], entries_max])
            news = [_news(*row) for row in cursor.fetchall()]
        yield news
        after = news[-1].index + 1 if len(news) == entries_max else stop
        with connection.cursor() as cursor:
            cursor.execute("UPDATE journal_cursor SET position = %s WHERE consumer = %s", [after, consumer])


def lag(consumer: str) -> int:
    """How many leaves the consumer has yet to look at."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT position FROM journal_cursor WHERE consumer = %s", [consumer])
        row = cursor.fetchone()
    return max(0, tree.size() - (int(row[0]) if row else 0))


def _news(index: int, entry_id: UUID, body: str) -> News:
    return News(entry_id, merkle.leaf_hash(body.encode()), body, index)
