"""News: each consumer gets each entry of its kinds once, in the order of the leaves, crash or no crash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from rongxin.journal import entries, models, news, sequencer
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import SYSTEM

from .conftest import Append, Fill

pytestmark = pytest.mark.django_db(transaction=True)
RELEASED = [Kind.DISCLOSURE_RELEASED]


def test_it_hands_out_each_entry_once_in_order(fill: Fill) -> None:
    made = fill(25)
    sequencer.integrate()
    seen = []
    while news.lag("webhooks"):
        with news.read("webhooks", RELEASED, entries_max=10) as batch:
            seen += [item.id for item in batch]
    assert seen == [entry.id for entry in made]
    with news.read("webhooks", RELEASED) as batch:
        assert batch == []


def test_it_passes_over_other_kinds_even_long_stretches(fill: Fill, append: Append) -> None:
    fill(news.WINDOW_LEAVES + 5)
    wanted = append(9, Kind.CONSENT_WITHDRAWN)
    sequencer.integrate()
    seen = []
    while news.lag("recall"):
        with news.read("recall", [Kind.CONSENT_WITHDRAWN]) as batch:
            seen += batch
    assert [(item.id, item.index) for item in seen] == [(wanted.id, news.WINDOW_LEAVES + 5)]


def test_it_shows_nothing_that_is_not_in_the_tree(append: Append) -> None:
    append()
    with news.read("webhooks", RELEASED) as batch:
        assert batch == []


def test_a_consumer_that_fails_gets_the_same_news_again(fill: Fill, now: datetime) -> None:
    made = fill(3)
    sequencer.integrate()

    def fail() -> None:
        with news.read("webhooks", RELEASED) as batch:
            entries.append(Kind.DEMO_NOTE, actor=SYSTEM, refs={"news": batch[0].index}, as_of=now)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert not models.Entry.objects.filter(kind=Kind.DEMO_NOTE).exists()  # what it did is undone with it
    with news.read("webhooks", RELEASED) as batch:
        assert [item.id for item in batch] == [entry.id for entry in made]


def test_consumers_do_not_disturb_each_other(fill: Fill) -> None:
    fill(3)
    sequencer.integrate()
    with news.read("webhooks", RELEASED) as batch:
        assert len(batch) == 3
    with news.read("usage_feedback", RELEASED) as batch:
        assert len(batch) == 3


def test_readers_of_one_consumer_take_turns(fill: Fill) -> None:
    made = fill(60)
    sequencer.integrate()
    seen: list[int] = []

    def consume(_: int) -> None:
        try:
            with news.read("webhooks", RELEASED, entries_max=10) as batch:
                seen.extend(item.index for item in batch)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(consume, range(6)))
    assert seen == list(range(len(made)))
