"""The worker does its duties again and again, and one that fails doesn't end the others."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime

import pytest

from rongxin.entrypoints.cli import worker
from rongxin.entrypoints.cli.worker import Duty, Rota
from rongxin.vocabulary.zone import BUSINESS_ZONE

# The loop sees to its own connection after each turn: it needs a database outside a test's transaction.
pytestmark = pytest.mark.django_db(transaction=True)


def test_every_duty_can_be_done_on_an_empty_node() -> None:
    for duty in worker.duties():
        assert duty.act(datetime.now(BUSINESS_ZONE)) == 0, duty.name


def test_a_duty_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    stop, turns = threading.Event(), []

    def act(now: datetime) -> int:
        turns.append(now)
        if len(turns) == 1:
            raise RuntimeError("the first time")
        stop.set()
        return 0

    worker.work_off(Rota([Duty("trying", 0.001, act)]), stop)
    assert len(turns) == 2
    assert "trying: failed" in caplog.text
    assert turns[0].tzinfo is BUSINESS_ZONE


def test_a_worker_is_told_to_stop_and_stops() -> None:
    stop = threading.Event()
    stop.set()
    worker.work_off(Rota([Duty("once", 3600, lambda now: 0)]), stop)


def test_few_threads_keep_many_duties_and_one_that_is_slow_keeps_no_other_waiting() -> None:
    stop, slow, done = threading.Event(), threading.Event(), Counter[str]()

    def act(name: str) -> int:
        done[name] += 1
        if name == "slow":
            slow.wait(20)
        if min(done[f"quick {number}"] for number in range(8)) >= 3:
            stop.set()
        return 0

    names = ["slow", *(f"quick {number}" for number in range(8))]
    rota = Rota([Duty(name, 0.01, lambda now, name=name: act(name)) for name in names])
    threads = [threading.Thread(target=worker.work_off, args=(rota, stop)) for _ in range(2)]
    for thread in threads:
        thread.start()
    stopped = stop.wait(20)
    stop.set()
    slow.set()
    for thread in threads:
        thread.join()
    assert stopped
    assert done["slow"] == 1  # nobody else takes up what somebody is at
