"""A provider that fails again and again is left alone for a while; then one question tries it anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

FAILURES = 5
REST_SECONDS = 10.0


class Breaker:
    """Counts failures in a row; closed, open, or half open with one question under way."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._failures, self._rests_until = 0, 0.0

    def admits(self) -> bool:
        """Whether a question may be put now; after a rest the first one may, and the others wait for it."""
        with self._lock:
            if self._failures < FAILURES:
                return True
            now = self._clock()
            if now < self._rests_until:
                return False
            self._rests_until = now + REST_SECONDS
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._rests_until = self._clock() + REST_SECONDS
