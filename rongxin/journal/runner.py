"""The loop that a worker or a serving process runs: integrate what is pending, sign at least every ten
seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime

from django.db import DatabaseError, close_old_connections, connection

from rongxin.journal import checkpoints, sequencer
from rongxin.journal.errors import JournalError
from rongxin.vocabulary.zone import BUSINESS_ZONE

INTERVAL_SECONDS_MAX = 10.0
UNSIGNED_ENTRIES_MAX = 1_000
POLL_SECONDS = 0.5
_log = logging.getLogger(__name__)


def run(interval: float, stop: threading.Event) -> None:
    """Keep the tree and its checkpoints current until `stop` is set; of several runners one works at a time.

    `interval`: seconds between checkpoints, at most 10. A failure is logged and tried again: a journal that
    stops growing is found by its age, not by the death of a loop.
    """
    if not 0 < interval <= INTERVAL_SECONDS_MAX:
        raise ValueError(f"a checkpoint every {interval} s: promise P5 allows at most {INTERVAL_SECONDS_MAX}")
    signed_at, unsigned = float("-inf"), 0
    try:
        while not stop.is_set():
            try:
                unsigned += sequencer.integrate()
                if time.monotonic() - signed_at >= interval or unsigned >= UNSIGNED_ENTRIES_MAX:
                    checkpoints.sign(as_of=datetime.now(BUSINESS_ZONE))
                    signed_at, unsigned = time.monotonic(), 0
            except (DatabaseError, JournalError):
                _log.exception("journal: no checkpoint could be made; trying again in %.1f s", interval)
                stop.wait(interval)
            finally:
                close_old_connections()
            stop.wait(min(POLL_SECONDS, interval))
    finally:
        connection.close()
