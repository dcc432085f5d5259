"""Many writers, a sequencer that is killed, and nothing lost, doubled or moved."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection, transaction

from rongxin.journal import checkpoints, entries, models, news, runner, sequencer, tree, verification
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import Actor, ActorKind

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS, ENTRIES_EACH, KILLS = 16, 60, 3
RUNNER = """
import django, threading
django.setup()
from rongxin.journal import runner
print("ready", flush=True)
runner.run(0.05, threading.Event())
"""
DIES_IN_MID_BATCH = """
import django, os, signal
django.setup()
from rongxin.journal import sequencer
sequencer._complete_subtrees = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
sequencer.integrate()
"""
CONSUMER_DIES = """
import django, os, signal
from datetime import datetime, UTC
django.setup()
from rongxin.journal import entries, news
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import SYSTEM
print("ready", flush=True)
with news.read("webhooks", [Kind.DEMO_NOTE]) as batch:
    assert batch
    entries.append(Kind.KEY_CREATED, actor=SYSTEM, refs={"news": batch[0].index}, as_of=datetime.now(UTC))
    os.kill(os.getpid(), signal.SIGKILL)
"""


class Writers:
    """Threads that append, some in transactions that take their time, some in ones that are rolled back."""

    def __init__(self) -> None:
        self.kept: list[list[UUID]] = [[] for _ in range(WRITERS)]
        self.threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]

    def _write(self, number: int) -> None:
        rng = random.Random(number)
        try:
            for place in range(ENTRIES_EACH):
                time.sleep(rng.random() * 0.02)
                with transaction.atomic():
                    entry = entries.append(
                        Kind.DEMO_NOTE,
                        actor=Actor(ActorKind.ACCOUNT, f"writer-{number}"),
                        refs={"place": place},
                        as_of=datetime.now(UTC),
                    )
                    time.sleep(rng.random() * 0.01)
                    if rng.randrange(10) == 0:
                        transaction.set_rollback(True)
                        continue
                self.kept[number].append(entry.id)
        finally:
            connection.close()


@contextmanager
def process_of(script: str) -> Iterator[subprocess.Popen[str]]:
    """A script in a process of its own, on the test database; killed when the block is left."""
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}@/{connection.settings_dict['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    environment = os.environ | {"DATABASE_URL": url, "PGPASSWORD": str(database["PASSWORD"])}
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def leaves() -> list[UUID]:
    return list(models.Leaf.objects.order_by("index").values_list("entry", flat=True))


def test_no_entry_is_lost_doubled_or_moved_when_sequencers_are_killed() -> None:
    writers = Writers()
    seen: list[list[UUID]] = []
    for thread in writers.threads:
        thread.start()
    rng = random.Random(1)
    for _ in range(KILLS):
        with process_of(RUNNER):
            time.sleep(0.2 + rng.random() * 0.3)
        seen.append(leaves())
    for thread in writers.threads:
        thread.join()
    sequencer.integrate()
    checkpoints.sign(as_of=datetime.now(UTC))
    final = leaves()
    kept = [entry for each in writers.kept for entry in each]
    assert sorted(final) == sorted(kept)
    assert any(seen)
    assert all(final[: len(before)] == before for before in seen)
    place = {entry: index for index, entry in enumerate(final)}
    for each in writers.kept:
        assert sorted(each, key=place.__getitem__) == each
    outcome = verification.verify()
    assert outcome.ok, outcome.document()
    assert outcome.size == len(kept) == tree.size()


def note() -> UUID:
    actor = Actor(ActorKind.ACCOUNT, "7")
    return entries.append(Kind.DEMO_NOTE, actor=actor, refs={}, as_of=datetime.now(UTC)).id


def test_a_sequencer_killed_in_mid_batch_has_done_nothing() -> None:
    made = [note() for _ in range(5)]
    with process_of(DIES_IN_MID_BATCH) as process:
        assert process.wait() == -signal.SIGKILL
    assert tree.size() == 0
    assert models.Pending.objects.count() == 5
    assert sequencer.integrate() == 5
    assert leaves() == made
    assert verification.verify().ok


def test_a_consumer_killed_in_mid_work_loses_and_doubles_nothing() -> None:
    made = [note() for _ in range(3)]
    sequencer.integrate()
    with process_of(CONSUMER_DIES) as process:
        assert process.wait() == -signal.SIGKILL
    assert not models.Entry.objects.filter(kind=Kind.KEY_CREATED).exists()
    with news.read("webhooks", [Kind.DEMO_NOTE]) as batch:
        assert [item.id for item in batch] == made
    assert news.lag("webhooks") == 0


def test_many_sequencers_at_once_work_as_one() -> None:
    writers = Writers()

    def integrate() -> None:
        try:
            for _ in range(30):
                sequencer.integrate()
                time.sleep(0.01)
        finally:
            connection.close()

    sequencers = [threading.Thread(target=integrate) for _ in range(4)]
    for thread in (*writers.threads, *sequencers):
        thread.start()
    for thread in (*writers.threads, *sequencers):
        thread.join()
    sequencer.integrate()
    assert sorted(leaves()) == sorted(entry for each in writers.kept for entry in each)
    assert verification.verify().ok


def test_verification_raises_no_alarm_while_others_write() -> None:
    writers = Writers()
    stop = threading.Event()
    loop = threading.Thread(target=runner.run, args=(0.05, stop))
    for thread in (*writers.threads, loop):
        thread.start()
    outcomes = []
    while any(thread.is_alive() for thread in writers.threads):
        outcomes.append(verification.verify())
    stop.set()
    loop.join()
    assert outcomes
    assert all(outcome.ok for outcome in outcomes), [outcome.counts for outcome in outcomes]


def test_the_runner_signs_what_comes_and_stops_when_told() -> None:
    stop = threading.Event()
    loop = threading.Thread(target=runner.run, args=(0.05, stop))
    loop.start()
    entry = entries.append(
        Kind.DEMO_NOTE, actor=Actor(ActorKind.ACCOUNT, "7"), refs={}, as_of=datetime.now(UTC)
    )
    while True:
        head = checkpoints.latest()
        if head is not None and head.size == 1:
            break
        time.sleep(0.01)
    stop.set()
    loop.join()
    assert leaves() == [entry.id]


@pytest.mark.parametrize("interval", [0, -1, 10.1])
def test_the_runner_refuses_an_interval_beyond_the_promise(interval: float) -> None:
    with pytest.raises(ValueError, match="P5"):
        runner.run(interval, threading.Event())


def test_the_runner_outlives_an_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    calls = []

    def fail() -> int:
        calls.append(1)
        if len(calls) == 3:
            stop.set()
        raise sequencer.tree.Damaged("a hole")

    monkeypatch.setattr(sequencer, "integrate", fail)
    loop = threading.Thread(target=runner.run, args=(0.01, stop))
    loop.start()
    loop.join()
    assert len(calls) == 3
    assert "trying again" in caplog.text
