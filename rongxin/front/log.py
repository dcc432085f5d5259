"""使用记录: who inside asked what, when, and what came of it; never a body, a secret or a query.

Append only, each line's hash covering the one before, so that a line that was changed or taken out shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rongxin.front import store
from rongxin.front.errors import FrontError
from rongxin.front.store import Store
from rongxin.proof import canonical

_TABLES = """
CREATE TABLE IF NOT EXISTS line (position INTEGER PRIMARY KEY, said TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS line_stays BEFORE UPDATE ON line BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS line_kept BEFORE DELETE ON line BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""
_FIRST = "0" * 64


class Broken(FrontError):
    """The chain doesn't hold; the message names the line."""


@dataclass(frozen=True)
class Line:
    """One request: `caller` is empty where nobody's secret came; `request` is its number at the front."""

    at: str
    caller: str
    method: str
    path: str
    status: int
    request: str
    milliseconds: int


class Log:
    """The file, open for writing by this process."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, _TABLES)

    def append(self, line: Line) -> None:
        """Write a line down; raises `NotKept`."""
        said = canonical.dumps(asdict(line)).decode()
        with self._store.writing() as base:
            row = base.execute("SELECT position, hash FROM line ORDER BY position DESC LIMIT 1").fetchone()
            position, before = row or (0, _FIRST)
            base.execute(
                "INSERT INTO line VALUES (?, ?, ?)", (position + 1, said, _hash(before, position + 1, said))
            )

    def close(self) -> None:
        self._store.close()


def lines(path: Path, *, since: datetime | None = None) -> Iterator[Line]:
    """Go through the lines, the earliest first; raises `Broken` at the first that doesn't hold."""
    before = _FIRST
    with store.reading(path) as base:
        for position, said, stated in base.execute("SELECT * FROM line ORDER BY position"):
            if _hash(before, position, said) != stated:
                raise Broken(
                    f"{path}: 第{position}行被改动，或前面缺行 line changed, or one before it is missing"
                )
            before = stated
            line = Line(**json.loads(said))
            if since is None or datetime.fromisoformat(line.at) >= since:
                yield line


def _hash(before: str, position: int, said: str) -> str:
    return canonical.sha256(f"{before}\n{position}\n{said}".encode()).hex()
