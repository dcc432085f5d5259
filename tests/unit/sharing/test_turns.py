"""One hanging provider keeps a few threads and not all of them; the others are asked as ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event, Semaphore
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rongxin.catalogue import loader
from rongxin.sharing import calls
from rongxin.sharing.connectors.query import Authority, Match, Query, SubjectKeys
from rongxin.vocabulary.availability import Availability

NOW = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
ITEMS = loader.load().items
FIRM = SubjectKeys("91990100MA00000123", "云州第一有限公司", "云州市")
PATIENCE = 30  # only a broken build waits as long


class Hangs:
    """A provider that answers nobody until it is let."""

    provider = "tax_bureau"

    def __init__(self) -> None:
        self.let, self.entered = Event(), Semaphore(0)

    def serves(self, item: str) -> bool:
        return True

    def fetch(self, query: Query) -> Sequence[Mapping[str, Any]]:
        self.entered.release()
        assert self.let.wait(PATIENCE)
        return []

    def check(self, query: Query, claims: Mapping[str, str]) -> Mapping[str, Match]:
        return {}


class Answers(Hangs):
    provider = "electricity_utility"

    def fetch(self, query: Query) -> Sequence[Mapping[str, Any]]:
        return []


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hangs]:
    monkeypatch.setattr(calls, "_WAIT_SECONDS", 0.01)
    made = Hangs()
    calls.connect("tax_bureau", made)
    calls.connect("electricity_utility", Answers())
    yield made
    made.let.set()
    calls.disconnect("tax_bureau")
    calls.disconnect("electricity_utility")


def ask(item: str) -> Availability:
    asked = ITEMS[item]
    channel = asked.channels[0]
    return calls.call(
        asked, channel, subject=FIRM, fields=channel.fields, authority=Authority(own=True), as_of=NOW
    ).availability


def test_a_hanging_provider_is_asked_no_more_and_the_others_are(hanging: Hangs) -> None:
    with ThreadPoolExecutor(calls.IN_FLIGHT_MAX + 1) as threads:
        stuck = [threads.submit(ask, "tax_payment") for _ in range(calls.IN_FLIGHT_MAX)]
        for _ in stuck:
            assert hanging.entered.acquire(timeout=PATIENCE)
        try:
            one_more = threads.submit(ask, "tax_payment").result(PATIENCE)
            assert one_more is Availability.PROVIDER_UNAVAILABLE
            assert ask("electricity_fee") is Availability.NO_RECORD
        finally:
            hanging.let.set()
        assert {one.result() for one in stuck} == {Availability.NO_RECORD}
    assert ask("tax_payment") is Availability.NO_RECORD
