"""One hanging provider keeps a few threads and not all of them; the others are asked as ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore
from typing import Any

import pytest

from rongxin.catalogue import loader
from rongxin.exchange.question import Question
from rongxin.sharing import calls, gateways
from rongxin.sharing.connectors.connector import Asked
from rongxin.vocabulary.availability import Availability
from tests.unit.gateway import stage
from tests.unit.sharing import fakes

ITEMS = loader.load().items
PATIENCE = 30  # only a broken build waits as long


class Hangs(fakes.Provider):
    """A provider that answers nobody until it is let."""

    def __init__(self) -> None:
        self.let, self.entered = Event(), Semaphore(0)

    def fetch(self, question: Question) -> Sequence[Any]:
        self.entered.release()
        assert self.let.wait(PATIENCE)
        return []


class Answers(fakes.Provider):
    provider = "electricity_utility"

    def fetch(self, question: Question) -> Sequence[Any]:
        return []


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hangs]:
    monkeypatch.setattr(calls, "_WAIT_SECONDS", 0.01)
    made = Hangs()
    gateways.connect("tax_bureau", made)
    gateways.connect("electricity_utility", Answers())
    yield made
    made.let.set()
    gateways.disconnect("tax_bureau")
    gateways.disconnect("electricity_utility")


def ask(item: str) -> Availability:
    return calls.ask(Asked(ITEMS[item], stage.question(item))).availability


def test_a_hanging_provider_is_asked_no_more_and_the_others_are(hanging: Hangs) -> None:
    with ThreadPoolExecutor(gateways.IN_FLIGHT_MAX + 1) as threads:
        stuck = [threads.submit(ask, "tax_payment") for _ in range(gateways.IN_FLIGHT_MAX)]
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
