"""The inbox: each message once, in the order of its first coming, whatever comes again and whoever dies."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rongxin.client.webhooks import Event
from rongxin.front.errors import NotKept
from rongxin.front.events import Inbox

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


def keep(inbox: Inbox, id: str, *, now: datetime = NOW, data: str = "x") -> bool:
    body = json.dumps({"type": "consent.granted", "timestamp": NOW.isoformat(), "data": {"consent": data}})
    event = Event(id, "consent.granted", NOW, {"consent": data})
    return inbox.keep(event, body.encode(), {"webhook-id": id, "cookie": "no"}, now=now)


def ids(inbox: Inbox, after: int = 0, limit: int = 1000) -> list[str]:
    return [one.id for one in inbox.after(after, limit)]


@settings(max_examples=40, deadline=None)
@given(some.lists(some.integers(0, 8).map("msg_{}".format), max_size=30), some.integers(1, 5))
def test_whatever_comes_again_or_late_is_kept_once_where_it_first_came(coming: list[str], page: int) -> None:
    with TemporaryDirectory() as directory:
        inbox = Inbox(Path(directory) / "events.sqlite")
        new = [keep(inbox, id, data=f"{n}") for n, id in enumerate(coming)]
        first = list(dict.fromkeys(coming))
        assert sum(new) == len(first)
        found: list[str] = []
        while part := inbox.after(inbox.one(found[-1]).position if found else 0, page):  # type: ignore[union-attr]
            found += [one.id for one in part]
        assert found == first
        inbox.close()


def test_what_comes_again_with_another_content_changes_nothing(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "events.sqlite")
    assert (keep(inbox, "msg_1", data="first"), keep(inbox, "msg_1", data="second")) == (True, False)
    (one,) = inbox.after(0, 9)
    assert one.document()["data"] == {"consent": "first"}
    assert one.proof == {"webhook-id": "msg_1"}
    with sqlite3.connect(tmp_path / "events.sqlite") as base, pytest.raises(sqlite3.DatabaseError):
        base.execute("UPDATE event SET type = 'x'")


def test_many_that_deliver_at_once_lose_nothing_and_a_reader_misses_none(tmp_path: Path) -> None:
    path, seen, stop = tmp_path / "events.sqlite", [], threading.Event()
    inbox = Inbox(path)

    def read() -> None:
        last = 0
        while True:
            ended = stop.is_set()
            for one in inbox.after(last, 7):
                last = one.position
                seen.append(one.id)
            if ended and last == inbox.last():
                return

    def write(number: int) -> None:
        own = Inbox(path)
        for n in range(20):
            keep(own, f"msg_{n}_{number % 3}")
        own.close()

    reader = threading.Thread(target=read)
    reader.start()
    writers = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    stop.set()
    reader.join()
    assert sorted(seen) == sorted({f"msg_{n}_{m}" for n in range(20) for m in range(3)})
    assert seen == ids(inbox)


def test_what_was_kept_outlives_a_process_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    lines = (
        "import os, sys, signal; from pathlib import Path\n"
        "from tests.unit.front.test_events import Inbox, keep\n"
        "keep(Inbox(Path(sys.argv[1])), 'msg_1'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", lines, str(path)], check=False).returncode == -9
    assert ids(Inbox(path)) == ["msg_1"]


def test_what_can_not_be_written_is_not_taken(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "events.sqlite")
    other = sqlite3.connect(tmp_path / "events.sqlite")
    other.execute("DROP TABLE event")
    with pytest.raises(NotKept, match=r"events\.sqlite"):
        keep(inbox, "msg_1")


def test_old_messages_go_but_for_those_that_wait_to_be_posted_on(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "events.sqlite")
    old = NOW - timedelta(days=30)
    for n in range(4):
        keep(inbox, f"msg_{n}", now=old if n < 3 else NOW)
    inbox.forward_to("http://in/side", 2)
    assert inbox.sweep(days=7, now=NOW) == 2
    assert ids(inbox) == ["msg_2", "msg_3"]
    inbox.forward_to("http://in/side", 4)
    assert (inbox.sweep(days=7, now=NOW), ids(inbox)) == (1, ["msg_3"])
    assert inbox.sweep(days=7, now=NOW + timedelta(days=30)) == 1
    assert keep(inbox, "msg_9")
    assert [one.position for one in inbox.after(0, 9)] == [5], "a position is never given again"
