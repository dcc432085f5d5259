"""Giving durable entries their place in the tree: one writer at a time, in batches, in order of arrival.

A batch is one transaction: its entries leave `pending`, get their leaves and complete their subtrees, or
none of that happens. So a sequencer may be killed anywhere; the next one goes on where the last commit
stands.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from rongxin.journal import tree
from rongxin.proof import merkle

BATCH_ENTRIES_MAX = 16_384
_LOCK = 0x726F_6E67_7869_6E00  # "rongxin\0": the tree has one writer
_INTEGRATE = """
WITH taken AS (
    -- Up to a number, not IN a list of them: on a table that was never analysed a list is joined row by row.
    DELETE FROM journal_pending
    WHERE number <= (
        SELECT max(number) FROM (SELECT number FROM journal_pending ORDER BY number LIMIT %s) AS first
    )
    RETURNING number, entry, hash
)
INSERT INTO journal_leaf (index, entry, hash)
SELECT %s + row_number() OVER (ORDER BY number) - 1, entry, hash FROM taken ORDER BY number
RETURNING index, hash
"""
_STORE = """
INSERT INTO journal_subtree (level, index, hash)
SELECT %s, * FROM unnest(%s::bigint[], %s::bytea[])
"""


def integrate() -> int:
    """Put every entry that is pending now into the tree; return how many there were."""
    total = 0
    while _any_pending():
        count = _integrate_batch()
        total += count
        if count < BATCH_ENTRIES_MAX:
            break
    return total


def waiting_since() -> datetime | None:
    """Return the time of the entry that has waited longest for its place; None when none waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.at FROM journal_pending waiting"
            " JOIN journal_entry entry ON entry.id = waiting.entry ORDER BY waiting.number LIMIT 1"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def lock() -> None:
    """Be the only writer of the tree until the end of this transaction (a crash ends it too)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _any_pending() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM journal_pending)")
        return bool(cursor.fetchone()[0])


def _integrate_batch() -> int:
    with transaction.atomic():
        lock()  # in a statement of its own: the next one must see what the last holder committed
        start = tree.size()
        with connection.cursor() as cursor:
            cursor.execute(_INTEGRATE, [BATCH_ENTRIES_MAX, start])
            hashes = [bytes(hash_) for _, hash_ in sorted(cursor.fetchall())]
        _complete_subtrees(0, start, hashes)
    return len(hashes)


def _complete_subtrees(level: int, start: int, hashes: list[bytes]) -> None:
    """Store what the new nodes `start`, `start`+1… of a level complete on the levels above."""
    first = start // tree.TILE
    count = (start + len(hashes)) // tree.TILE - first
    if count <= 0:
        return
    row = tree.nodes(level, first * tree.TILE, start) + hashes
    parents = [merkle.root(row[i * tree.TILE : (i + 1) * tree.TILE]) for i in range(count)]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [level + 1, list(range(first, first + count)), parents])
    _complete_subtrees(level + 1, first, parents)
