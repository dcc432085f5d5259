"""The process that stands beside ours: kept alive while we live, and ended when we end, however that is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.5
_BESIDE = "RONGXIN_FRONT_BESIDE"


@contextmanager
def running(arguments: Sequence[str]) -> Iterator[None]:
    """Run `rongxin ARGUMENTS` beside us, and again whenever it ends, until the block ends."""
    ending, lives = threading.Event(), _Lives(arguments)
    watch = threading.Thread(target=lives.watch, args=(ending,), name="beside", daemon=True)
    watch.start()
    try:
        yield
    finally:
        ending.set()
        watch.join(_STOP_SECONDS * 2)


def is_beside() -> bool:
    """Say whether this process is one that stands beside another."""
    return _BESIDE in os.environ


def end_with_parent() -> None:
    """End this process when the one that started it is gone, even killed: a port isn't to stay held."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=look, name="parent", daemon=True).start()


class _Lives:
    def __init__(self, arguments: Sequence[str]) -> None:
        self._command = [sys.executable, "-m", "rongxin", *arguments]

    def watch(self, ending: threading.Event) -> None:
        pause = _FIRST_PAUSE
        while not ending.is_set():
            began = time.monotonic()
            # In a group of its own: Ctrl-C is for us, and we tell it to stop.
            child = subprocess.Popen(  # noqa: S603 - our own program
                self._command, process_group=0, env={**os.environ, _BESIDE: "1"}
            )
            while child.poll() is None and not ending.wait(_LOOK_SECONDS):
                pass
            if child.poll() is None:
                _stop(child)
                return
            pause = _FIRST_PAUSE if time.monotonic() - began > _LONGEST_PAUSE else pause
            sys.stderr.write(
                f"对外一侧已结束，{pause:.0f}秒后重启 the outer side ended, again in {pause:.0f} s\n"
            )
            ending.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
