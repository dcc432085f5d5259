"""An SQLite file of the front's own: written whole or not at all, on the disk before anybody is answered."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rongxin.front.errors import FrontError, NotKept

_BUSY_SECONDS = 30


class Store:
    """One file, written by one connection in turn; several processes may have it open."""

    def __init__(self, path: Path, tables: str) -> None:
        self._path, self._turn = path, threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._base = sqlite3.connect(
                path, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False
            )
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
            self._base.executescript(tables)
        except (OSError, sqlite3.Error) as error:
            raise FrontError(f"{path}: 不能打开 can't be opened ({error})") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the file for one transaction, which is on the disk when the block ends; raises `NotKept`."""
        with self._turn:
            try:
                self._base.execute("BEGIN IMMEDIATE")
                yield self._base
                self._base.execute("COMMIT")
            except sqlite3.Error as error:
                raise NotKept(f"{self._path}: 未能写入 could not be written ({error})") from error
            finally:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection of its own to look into the file; whoever writes goes on."""
        with reading(self._path) as base:
            yield base

    def close(self) -> None:
        self._base.close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file to look into it, and no more."""
    if not path.is_file():
        raise FrontError(f"{path}: 尚无记录 there is nothing yet; the front begins it when it serves")
    with closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
    ) as base:
        yield base
