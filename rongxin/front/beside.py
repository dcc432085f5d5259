"""Two processes under one: each begun again whenever it ends, and both ended with the one, however that ends.

The one serves nothing itself. A process that both serves and starts others forks while it starts them, and
then waits for ever for a pipe that the fork holds open.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from rongxin.outpost import parent

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.5


def run(each: Sequence[Sequence[str]]) -> None:
    """Run several `rongxin ARGUMENTS` side by side until told to stop (SIGINT, SIGTERM)."""
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    lives = [_Life(arguments) for arguments in each]
    try:
        while True:
            for life in lives:
                life.look()
            if ending.wait(_LOOK_SECONDS):
                return
    finally:
        for life in lives:
            life.tell_to_stop()
        for life in lives:
            life.end()


class _Life:
    """One process that is kept alive; one that keeps ending is begun ever more rarely."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._command = [sys.executable, "-m", "rongxin", *arguments]
        self._child: subprocess.Popen[bytes] | None = None
        self._at, self._began, self._pause = 0.0, 0.0, _FIRST_PAUSE

    def look(self) -> None:
        """Begin it where it is time to; note that it ended."""
        now = time.monotonic()
        if self._child is None:
            if now >= self._at:
                self._began = now
                self._child = subprocess.Popen(  # noqa: S603 - our own program
                    # In a group of its own: Ctrl-C is for us, and we tell it to stop.
                    self._command,
                    process_group=0,
                    env=parent.environment(),
                )
        elif self._child.poll() is not None:
            self._child = None
            self._pause = _FIRST_PAUSE if now - self._began > _LONGEST_PAUSE else self._pause
            what = self._command[-1]
            sys.stderr.write(f"{what} 一侧已结束，{self._pause:.0f}秒后重启 ended, begins anew\n")
            self._at, self._pause = now + self._pause, min(self._pause * 2, _LONGEST_PAUSE)

    def tell_to_stop(self) -> None:
        if self._child is not None:
            self._child.terminate()

    def end(self) -> None:
        """Wait until it has ended; longer than it may take, it isn't waited for."""
        if self._child is None:
            return
        try:
            self._child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
