"""A process that ends with the one that started it, however that one ends: none is left behind on its port.

A signal to a group may reach a child as something else (a server takes SIGHUP for an order to read its
settings again), and SIGKILL tells nobody. So the child looks for itself whether its parent is still there.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping

_STARTED_BY = "RONGXIN_STARTED_BY"
_LOOK_SECONDS = 0.5
#: For what is in hand; then the process ends as it stands.
_STOP_SECONDS = 15.0


def environment(of: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for a child that is to end with us; it says who we are."""
    return {**of, _STARTED_BY: str(os.getpid())}


def end_with_starter() -> None:
    """Stop as if told to (SIGTERM) when whoever started us by `environment` is gone; else do nothing.

    Named, not looked up: one that was gone before we came to look would have left us another parent.
    """
    named = os.environ.pop(_STARTED_BY, "")  # it is ours, not our children's
    if named.isdigit():
        _watch(int(named), _stop)


def end_with_parent() -> None:
    """End at once when our parent is gone: for a server's workers, which nobody else can tell."""
    _watch(os.getppid(), lambda: os._exit(1))


def _watch(parent: int, then: Callable[[], object]) -> None:
    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        then()

    threading.Thread(target=look, name="parent", daemon=True).start()


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_SECONDS)
    os._exit(1)
