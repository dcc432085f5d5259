"""事件收件箱: what the node told, each message once, in the order in which it came; fetched by position.

A message is on the disk before the node is answered, so what is answered is never lost. Positions are given
in the order of commits: who asks for what follows position N misses nothing that came later.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rongxin.client.webhooks import Event
from rongxin.front.store import Store

#: What proves to others, together with the body, that the node said it (Standard Webhooks, `v1a`).
PROOF = ("webhook-id", "webhook-timestamp", "webhook-signature")
_TABLES = """
CREATE TABLE IF NOT EXISTS event (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    body BLOB NOT NULL, proof TEXT NOT NULL, received_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS forwarded (url TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS event_stays BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""
_READ = "SELECT position, id, type, body, proof, received_at FROM event"


@dataclass(frozen=True)
class Kept:
    """One message as it is kept, and where it stands."""

    position: int
    id: str
    type: str
    body: bytes
    proof: Mapping[str, str]
    received_at: str

    def document(self) -> dict[str, Any]:
        """Return it as inner systems get it."""
        said = json.loads(self.body)
        return {
            "position": self.position,
            "id": self.id,
            "type": self.type,
            "timestamp": said["timestamp"],
            "received_at": self.received_at,
            "data": said["data"],
        }


class Inbox:
    """The messages, open for writing by this process."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, _TABLES)

    def keep(self, event: Event, body: bytes, headers: Mapping[str, str], *, now: datetime) -> bool:
        """Write a message down; False where it came before. Raises `NotKept`."""
        proof = json.dumps({name: headers[name] for name in PROOF if name in headers})
        row = (event.id, event.type, body, proof, now.isoformat())
        with self._store.writing() as base:
            done = base.execute(
                "INSERT INTO event (id, type, body, proof, received_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO NOTHING",
                row,
            )
            return done.rowcount == 1

    def after(self, position: int, limit: int) -> Sequence[Kept]:
        """Return what follows a position, the earliest first."""
        with self._store.reading() as base:
            found = base.execute(f"{_READ} WHERE position > ? ORDER BY position LIMIT ?", (position, limit))
            return [_kept(row) for row in found]

    def one(self, id: str) -> Kept | None:
        with self._store.reading() as base:
            row = base.execute(f"{_READ} WHERE id = ?", (id,)).fetchone()
        return _kept(row) if row else None

    def last(self) -> int:
        """Return the position of the last message, 0 before the first."""
        with self._store.reading() as base:
            return int(base.execute("SELECT coalesce(max(position), 0) FROM event").fetchone()[0])

    def forwarded(self, url: str) -> int:
        """Return up to where messages were posted on to an address."""
        with self._store.reading() as base:
            row = base.execute("SELECT position FROM forwarded WHERE url = ?", (url,)).fetchone()
        return int(row[0]) if row else 0

    def forward_to(self, url: str, position: int) -> None:
        """Note that everything up to a position has arrived there."""
        with self._store.writing() as base:
            base.execute(
                "INSERT INTO forwarded VALUES (?, ?)"
                " ON CONFLICT (url) DO UPDATE SET position = excluded.position",
                (url, position),
            )

    def sweep(self, *, days: int, now: datetime) -> int:
        """Forget messages older than so many days that aren't waiting to be posted on; return how many."""
        before = (now - timedelta(days=days)).isoformat()
        with self._store.writing() as base:
            done: sqlite3.Cursor = base.execute(
                "DELETE FROM event WHERE received_at < ?"
                " AND position <= (SELECT coalesce(min(position), 9223372036854775807) FROM forwarded)",
                (before,),
            )
            return done.rowcount

    def close(self) -> None:
        self._store.close()


def _kept(row: tuple[int, str, str, bytes, str, str]) -> Kept:
    position, id, type, body, proof, received_at = row
    return Kept(position, id, type, body, json.loads(proof), received_at)
