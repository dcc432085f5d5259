"""File locks that the kernel drops when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from rongxin.postgres.errors import Busy


class FileLock:
    """A lock on a file of its own; shared or exclusive, given up by `release` or by death."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def try_exclusive(self) -> bool:
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        return self._try(fcntl.LOCK_SH)

    def exclusive(self, *, patience_seconds: float) -> None:
        """Wait for the lock; say who is in the way when patience ends."""
        deadline = time.monotonic() + patience_seconds
        while not self.try_exclusive():
            if time.monotonic() > deadline:
                raise Busy(
                    f"{self.path} has been locked for {patience_seconds:.0f} s: end the process that holds it"
                )
            time.sleep(0.02)

    def _try(self, how: int) -> bool:
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> FileLock:
        self.exclusive(patience_seconds=120)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
