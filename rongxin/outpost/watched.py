"""What lies in a directory or a file now, read again when something of it comes, goes or is replaced.

The clock of a file system is coarse: a file that was changed within this moment may change again without its
time telling. So what was read is relied on only when the youngest change is older than a tick; until then the
directory is read for every question.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

_TICK_NS = 1_000_000_000

Read = TypeVar("Read")
#: Name, time of the last change, size and number of a file; of one that can't be seen, why not.
_Mark = tuple[str, int, int, int]
#: Of the directory, and then of each file.
_State = tuple[_Mark, ...]


class _Known(NamedTuple, Generic[Read]):
    state: _State
    settled: bool
    content: Read


class Directory(Generic[Read]):
    """What was last read in a directory; safe for threads, for a reading is replaced as a whole."""

    def __init__(self, path: Path, read: Callable[[Path], Read]) -> None:
        self._path, self._read = path, read
        self._known: _Known[Read] | None = None

    def now(self) -> Read:
        """Return what lies in the directory at this moment."""
        state = _state(self._path)
        known = self._known
        if known is None or not known.settled or known.state != state:
            youngest = max(changed for _, changed, _, _ in state)
            settled = youngest < time.time_ns() - _TICK_NS
            known = self._known = _Known(state, settled, self._read(self._path))
        return known.content


def _state(path: Path) -> _State:
    try:
        with os.scandir(path) as entries:
            found = [_mark(entry.name, entry.stat) for entry in entries]
    except OSError as error:
        return (_unseen("", error),)
    return (_mark("", path.stat), *sorted(found))


def _mark(name: str, stat: Callable[[], os.stat_result]) -> _Mark:
    try:
        told = stat()
    except OSError as error:  # a link that leads nowhere: its neighbours are looked at all the same
        return _unseen(name, error)
    return name, told.st_mtime_ns, told.st_size, told.st_ino


def _unseen(name: str, error: OSError) -> _Mark:
    return name, 0, -1, error.errno or 0
