"""Events are posted on inside in their order, each until it is taken, across restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from rongxin.front import forwarding
from rongxin.front.config import Config, Forward
from rongxin.front.events import Inbox
from tests.journeys import serving
from tests.unit.delivery.webhooks import receiver as receivers
from tests.unit.front.test_events import keep

SECRET = f"whsec_{'A' * 32}"


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "events.sqlite")


@contextmanager
def posting(inbox: Inbox, url: str, secret: str = "") -> Iterator[None]:
    config = Config(node="https://x", account="a", forward=Forward(url=url, secret=secret))
    stop = threading.Event()
    work = forwarding.begin(config, inbox, stop)
    assert work is not None
    try:
        yield
    finally:
        stop.set()
        work.join()


def test_each_goes_in_its_order_once_it_is_taken_and_not_again(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "_FIRST_PAUSE", 0.01)
    for n in range(3):
        keep(inbox, f"msg_{n}")
    with receivers.listening() as there:
        faults = [500, 302, 500]
        there.answer = lambda handler, got: receivers.reply(handler, faults.pop() if faults else 204)
        with posting(inbox, there.url, SECRET):
            serving.until(lambda: inbox.forwarded(there.url) == 3, seconds=20)
        assert [got.id for got in there.got] == ["msg_0"] * 4 + ["msg_1", "msg_2"]
        Webhook(SECRET).verify(there.got[-1].body, there.got[-1].headers)
        keep(inbox, "msg_3")
        with posting(inbox, there.url):
            serving.until(lambda: inbox.forwarded(there.url) == 4, seconds=20)
        assert [got.id for got in there.got][6:] == ["msg_3"]
        assert "webhook-signature" not in there.got[-1].headers


def test_nothing_is_posted_where_no_address_is_written(inbox: Inbox) -> None:
    assert forwarding.begin(Config(node="https://x", account="a"), inbox, threading.Event()) is None


def test_old_ones_are_forgotten_by_the_settings(inbox: Inbox) -> None:
    keep(inbox, "msg_old", now=datetime(2020, 1, 1, tzinfo=UTC))
    keep(inbox, "msg_new", now=datetime.now(UTC))
    stop = threading.Event()
    work = forwarding.begin_sweeping(Config(node="https://x", account="a"), inbox, stop)
    serving.until(lambda: [one.id for one in inbox.after(0, 9)] == ["msg_new"], seconds=20)
    stop.set()
    work.join()
