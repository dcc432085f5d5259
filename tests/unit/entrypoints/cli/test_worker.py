"""The worker does its duties again and again, and one that fails doesn't end the others."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest

from rongxin.entrypoints.cli import worker

# The loop sees to its own connection after each turn: it needs a database outside a test's transaction.
pytestmark = pytest.mark.django_db(transaction=True)


def test_every_duty_can_be_done_on_an_empty_node() -> None:
    for duty in worker.duties():
        assert duty.act(datetime.now(worker.SHANGHAI)) == 0, duty.name


def test_a_duty_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    stop, turns = threading.Event(), []

    def act(now: datetime) -> int:
        turns.append(now)
        if len(turns) == 1:
            raise RuntimeError("the first time")
        stop.set()
        return 0

    worker.repeat(worker.Duty("trying", 0.001, act), stop)
    assert len(turns) == 2
    assert "trying: failed" in caplog.text
    assert turns[0].tzinfo is worker.SHANGHAI


def test_a_worker_is_told_to_stop_and_stops() -> None:
    stop = threading.Event()
    stop.set()
    worker.repeat(worker.Duty("once", 3600, lambda now: 0), stop)
