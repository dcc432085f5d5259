"""Reading stored rows for verification: a tile at once, and a slow look only where something is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from django.db import connection

from rongxin.journal import tree
from rongxin.journal.findings import Code, Findings

GUARDED = ("journal_checkpoint", "journal_entry", "journal_leaf", "journal_subtree")
NULL = "\\N"
INSTANT = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""
TABS = 11  # between the twelve columns below
_COLUMNS = f"""
    e.kind, e.actor_kind, e.actor, e.party,
    to_char(e.at AT TIME ZONE 'UTC', {INSTANT}), e.subject, e.institution, e.consent
"""
_TILES = f"""
SELECT first, tile.count, tile.lines
FROM generate_series(%s::bigint, %s::bigint - 1, {tree.TILE}) AS first, LATERAL (
    SELECT count(*), string_agg(concat_ws(E'\\t',
        l.index, l.entry, encode(l.hash, 'hex'), coalesce(e.body, '{NULL}'),
        e.kind, e.actor_kind, e.actor, e.party, to_char(e.at AT TIME ZONE 'UTC', {INSTANT}),
        coalesce(e.subject, '{NULL}'), coalesce(e.institution, '{NULL}'), coalesce(e.consent, '{NULL}')
    ), E'\\n' ORDER BY l.index) AS lines
    FROM journal_leaf l LEFT JOIN journal_entry e ON e.id = l.entry
    WHERE l.index >= first AND l.index < first + {tree.TILE}
) AS tile
"""  # noqa: S608
# Tile by tile along the index, in the order of the leaves, without holding a block or reading a table twice.
_ALONG_INDEX = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan", "jit")
_LEAVES = f"""
SELECT l.index, l.entry::text, encode(l.hash, 'hex'), e.body, {_COLUMNS}
FROM journal_leaf l LEFT JOIN journal_entry e ON e.id = l.entry
WHERE l.index >= %s AND l.index < %s ORDER BY l.index
"""  # noqa: S608
_QUEUE = f"""
SELECT p.number, p.entry::text, encode(p.hash, 'hex'), e.body, {_COLUMNS}
FROM journal_pending p LEFT JOIN journal_entry e ON e.id = p.entry ORDER BY p.number
"""  # noqa: S608
_LEFTOVER = """
SELECT e.id FROM journal_entry e
WHERE NOT EXISTS (SELECT FROM journal_leaf l WHERE l.entry = e.id)
  AND NOT EXISTS (SELECT FROM journal_pending p WHERE p.entry = e.id)
LIMIT 100
"""
_DOUBLED = """
SELECT entry FROM (SELECT entry FROM journal_leaf UNION ALL SELECT entry FROM journal_pending) AS place
GROUP BY entry HAVING count(*) > 1 LIMIT 100
"""
_COUNTS = """
SELECT (SELECT count(*) FROM journal_entry),
       (SELECT count(*) FROM journal_leaf) + (SELECT count(*) FROM journal_pending)
"""
_GUARDS = """
SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgname IN ('journal_append_only', 'journal_no_truncate') AND t.tgenabled IN ('O', 'A')
  AND c.relname = ANY(%s) AND c.relnamespace = current_schema()::regnamespace
GROUP BY c.relname
"""


@dataclass(frozen=True)
class StoredCheckpoint:
    number: int
    note: str
    size: int
    root: bytes
    at: datetime


def read_leaves(start: int, stop: int, findings: Findings) -> list[bytes]:
    """Return the leaf hashes of a block; each is checked against its entry, the entry against its columns.

    Where a leaf is missing, 32 zero bytes keep its place, so that all others stay where they belong.
    """
    tiles: dict[int, list[bytes]] = {}
    with _along_index(), connection.cursor() as cursor:
        for first, count, text in cursor.stream(_TILES, [start, stop]):
            hashes = _sound_tile(first, count, text)
            if hashes is not None:
                tiles[first] = hashes
    found: list[bytes] = []
    for first in range(start, stop, tree.TILE):
        end = min(first + tree.TILE, stop)
        tile = tiles.get(first, [])
        found += tile if len(tile) == end - first else _examine_leaves(first, end, findings)
    return found


def check_queue(size: int, findings: Findings) -> int:
    """Check the queue, and that every entry waits or is in the tree, once; return how many wait."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE)
        waiting = cursor.fetchall()
    for row in waiting:
        _examine(f"待处理 pending {row[0]}", row, findings)
    with connection.cursor() as cursor:
        cursor.execute(_LEFTOVER)
        for (entry,) in cursor.fetchall():
            findings.add(Code.LEFTOVER, f"条目 entry {entry}")
        cursor.execute(_COUNTS)
        entries, places = cursor.fetchone()
        if entries != places:  # all entries have a place, so some place must be one too many
            cursor.execute(_DOUBLED)
            for (entry,) in cursor.fetchall():
                findings.add(Code.DOUBLED, f"条目 entry {entry}")
    return len(waiting)


def check_guards(findings: Findings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_GUARDS, [list(GUARDED)])
        found = dict(cursor.fetchall())
    for table in GUARDED:
        if found.get(table, 0) < 2:
            findings.add(Code.GUARD_MISSING, f"表 table {table}")


def stored_subtrees(level: int, start: int, stop: int) -> list[tuple[int, bytes]]:
    """Return (index − start, hash) of the stored subtrees of a level."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT index, hash FROM journal_subtree WHERE level = %s AND index >= %s AND index < %s",
            [level, start, stop],
        )
        return [(int(index) - start, bytes(hash_)) for index, hash_ in cursor.fetchall()]


def stored_checkpoints(after: int, until: int | None) -> Iterator[StoredCheckpoint]:
    """Return the checkpoints with a size in (after, until]; None is without end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, note, size, root, at FROM journal_checkpoint"
            " WHERE size > %s AND (%s::bigint IS NULL OR size <= %s) ORDER BY size, number",
            [after, until, until],
        )
        rows = cursor.fetchall()
    for number, note, size, root, at in rows:
        yield StoredCheckpoint(number, note, size, bytes(root), at)


@contextmanager
def _along_index() -> Iterator[None]:
    """Keep the planner from joining whole tables for one block."""
    with connection.cursor() as cursor:
        for name in _ALONG_INDEX:
            cursor.execute("SELECT set_config(%s, 'off', true)", [name])
        yield
        for name in _ALONG_INDEX:
            cursor.execute(f"SET LOCAL {name} = DEFAULT")


def _sound_tile(first: int, count: int, text: str | None) -> list[bytes] | None:
    """Return the leaf hashes of a tile if every line is as it was written; None if one must be looked at.

    The tile comes as one text: 256 rows cost far more to fetch than to split. A body that itself holds a tab
    or a line break would show in the totals.
    """
    lines = (text or "").split("\n")
    if text is None or len(lines) != count or text.count("\t") != TABS * count:
        return None
    hashes = []
    try:
        for number, line in enumerate(lines, start=first):
            index, entry, stored, body, columns = line.split("\t", 4)
            hash_ = sha256(b"\x00" + body.encode()).digest()
            if (
                hash_.hex() != stored
                or index != str(number)
                or _derived(orjson.loads(body)) != (entry, columns)
            ):
                return None
            hashes.append(hash_)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return hashes


def _derived(content: Any) -> tuple[str, str]:
    """What the id and the query columns must be, by the body."""
    actor, refs = content["actor"], content["refs"]
    get = refs.get
    return content["id"], (
        f"{content['kind']}\t{actor['kind']}\t{actor['id']}\t{actor['party']}\t{content['at']}"
        f"\t{get('subject', NULL)}\t{get('institution', NULL)}\t{get('consent', NULL)}"
    )


def _examine_leaves(start: int, stop: int, findings: Findings) -> list[bytes]:
    """Look at each leaf of a tile in which something is wrong, and say what."""
    with connection.cursor() as cursor:
        cursor.execute(_LEAVES, [start, stop])
        rows = {row[0]: row for row in cursor.fetchall()}
    hashes = []
    for index in range(start, stop):
        if index in rows:
            _examine(f"叶子 leaf {index}", rows[index], findings)
            hashes.append(bytes.fromhex(rows[index][2]))
        else:
            findings.add(Code.LEAF_MISSING, f"叶子 leaf {index}")
            hashes.append(bytes(32))
    return hashes


def _examine(where: str, row: Sequence[Any], findings: Findings) -> None:
    _, entry, stored, body, *columns = row
    if body is None:
        findings.add(Code.ENTRY_MISSING, where, f"entry {entry}")
    elif sha256(b"\x00" + body.encode()).hexdigest() != stored:
        findings.add(Code.ENTRY_ALTERED, where, f"entry {entry}")
    elif not _agree(entry, body, columns):
        findings.add(Code.COLUMN_ALTERED, where, f"entry {entry}")


def _agree(entry: str, body: str, columns: list[str | None]) -> bool:
    try:
        expected = _derived(orjson.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return expected == (entry, "\t".join(NULL if column is None else column for column in columns))
