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
#: Of the directory and of each file: name, time of the last change, size and number of the file.
_State = tuple[tuple[str, int, int, int], ...]


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
            youngest = max((changed for _, changed, _, _ in state), default=0)
            settled = youngest < time.time_ns() - _TICK_NS
            known = self._known = _Known(state, settled, self._read(self._path))
        return known.content


def _state(path: Path) -> _State:
    try:
        with os.scandir(path) as entries:
            found = sorted((entry.name, entry.stat()) for entry in entries)
        own = path.stat()
    except FileNotFoundError:
        return ()
    stats = [("", own), *found]
    return tuple((name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in stats)
