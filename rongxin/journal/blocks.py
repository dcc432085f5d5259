"""Reading stored rows for verification: COPY in blocks, a slow look only at lines that disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from django.db import connection

from rongxin.journal.findings import Code, Findings

LINES_TOGETHER = 1_024
GUARDED = ("journal_checkpoint", "journal_entry", "journal_leaf", "journal_subtree")
NULL = "\\N"
_INSTANT = """to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_LEAVES = f"""
COPY (
    SELECT l.index, l.entry, encode(l.hash, 'hex'), e.body,
           e.kind, e.actor_kind, e.actor, e.party, {_INSTANT}, e.subject, e.institution, e.consent
    FROM journal_leaf l LEFT JOIN journal_entry e ON e.id = l.entry
    WHERE l.index >= %s AND l.index < %s ORDER BY l.index
) TO STDOUT
"""  # noqa: S608
_QUEUE = f"""
COPY (
    SELECT p.number, p.entry, encode(p.hash, 'hex'), e.body,
           e.kind, e.actor_kind, e.actor, e.party, {_INSTANT}, e.subject, e.institution, e.consent
    FROM journal_pending p LEFT JOIN journal_entry e ON e.id = p.entry ORDER BY p.number
) TO STDOUT
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
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


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
    hashes: list[bytes] = []
    for lines in _lines(_LEAVES, [start, stop]):
        for line in lines:
            index, entry, stored, body, columns = line.split("\t", 4)
            while len(hashes) < int(index) - start:
                findings.add(Code.LEAF_MISSING, f"叶子 leaf {start + len(hashes)}")
                hashes.append(bytes(32))
            if not _is_sound(entry, stored, body, columns):
                _examine(f"叶子 leaf {index}", line, findings)
            hashes.append(bytes.fromhex(stored))
    while len(hashes) < stop - start:
        findings.add(Code.LEAF_MISSING, f"叶子 leaf {start + len(hashes)}")
        hashes.append(bytes(32))
    return hashes


def check_queue(size: int, findings: Findings) -> int:
    """Check the queue, and that every entry waits or is in the tree, once; return how many wait."""
    waiting = 0
    for lines in _lines(_QUEUE, []):
        for line in lines:
            waiting += 1
            number, entry, stored, body, columns = line.split("\t", 4)
            if not _is_sound(entry, stored, body, columns):
                _examine(f"待处理 pending {number}", line, findings)
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
    return waiting


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


def _lines(statement: str, parameters: list[int]) -> Iterator[list[str]]:
    """Yield the lines of a COPY, many at a time: splitting text is cheaper than fetching rows."""
    with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        parts: list[Any] = []
        for part in copy:
            parts.append(part)
            if len(parts) == LINES_TOGETHER:
                yield b"".join(parts).decode().split("\n")[:-1]
                parts.clear()
        if parts:
            yield b"".join(parts).decode().split("\n")[:-1]


def _is_sound(entry: str, stored: str, body: str, columns: str) -> bool:
    """Whether a line, still in COPY's escapes, is as it was written; False also when in doubt.

    A body of ours holds no backslash, so one that does is looked at with its escapes undone: else a tab
    put in the place of the two characters that COPY writes for it would go unseen.
    """
    if "\\" in body or sha256(b"\x00" + body.encode()).hexdigest() != stored:
        return False
    return _agree(entry, body, columns)


def _agree(entry: str, body: str, columns: str) -> bool:
    """Whether id and query columns are what the body says, all at once."""
    try:
        content = orjson.loads(body)
        actor, refs = content["actor"], content["refs"]
        derived = (
            f"{content['kind']}\t{actor['kind']}\t{actor['id']}\t{actor['party']}\t{content['at']}"
            f"\t{refs.get('subject', NULL)}\t{refs.get('institution', NULL)}\t{refs.get('consent', NULL)}"
        )
        return bool(derived == columns and entry == content["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _examine(where: str, line: str, findings: Findings) -> None:
    """Say what is wrong with a line that isn't as it should be."""
    _, entry, stored, body, columns = line.split("\t", 4)
    if body == NULL:
        findings.add(Code.ENTRY_MISSING, where, f"entry {entry}")
        return
    text = _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), body)
    if sha256(b"\x00" + text.encode()).hexdigest() != stored:
        findings.add(Code.ENTRY_ALTERED, where, f"entry {entry}")
    elif not _agree(entry, text, columns):
        findings.add(Code.COLUMN_ALTERED, where, f"entry {entry}")
