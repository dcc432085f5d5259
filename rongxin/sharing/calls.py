"""接口调用 and 数据核验: ask a provider about one subject. Only the gate may import this module (design §3).

"No answer" is never "no record": a provider that isn't connected, one that fails or is too slow, one that
finds the question not authorised, and one that has no record are four different availabilities. What a
provider brings is believed only as far as `sharing.answers` finds it to be about the subject and of the
channel. Nothing here touches the ORM: the gate asks several providers side by side, from threads.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore, Lock
from typing import Any

from rongxin.catalogue import loader
from rongxin.exchange.question import Match, Question
from rongxin.exchange.receipt import Decided
from rongxin.sharing import answers, gateways
from rongxin.sharing.breaker import Breaker
from rongxin.sharing.connectors.connector import Asked, Connector, Exchange, Said, Unavailable
from rongxin.sharing.connectors.gateway import InvalidAddress
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode

log = logging.getLogger(__name__)

# A waiting question keeps a thread too, so it waits shortly.
_WAIT_SECONDS = 1.0
_guard = Lock()
_ways: dict[str, _Way] = {}


@dataclass(frozen=True)
class Answer:
    """What a provider answered: rows of catalogue field → JSON value, permitted fields only; for a check,
    the result per field. `narrowed` holds the fields of which the provider gives less than was asked, by its
    own verdict and reason. `took_ms` and `exchange` are for the register of calls.
    """

    availability: Availability
    provider: str
    answered_at: datetime
    rows: Sequence[Mapping[str, Any]] = ()
    reason: Reason | None = None
    results: Mapping[str, Match] = field(default_factory=dict)
    sealed: bytes = b""
    exchange: Exchange | None = None
    took_ms: int = 0
    #: The question, where there was a way to put it.
    question: Question | None = None
    narrowed: Decided = field(default_factory=dict)

    def limits(self, row: int) -> Decided:
        """Return the provider's verdicts on the fields of a row, where stricter than what was asked."""
        return self.narrowed

    @property
    def asked(self) -> bool:
        return self.question is not None


class _Way:
    """What this process keeps of one provider: whose turn it is, and whether it is worth asking."""

    def __init__(self) -> None:
        self.turns, self.breaker = BoundedSemaphore(gateways.IN_FLIGHT_MAX), Breaker()


def ask(asked: Asked) -> Answer:
    """Put one question to its provider."""
    question = asked.question
    if asked.channel.mode is SharingMode.PHYSICAL_AGGREGATION:
        raise ValueError(
            f"{question.item}: 物理归集 is read from the store; only 接口调用 and 数据核验 are asked"
        )
    begun, exchange = time.monotonic(), None
    try:
        connector = gateways.of(question.provider, question.item)
        if connector is None:
            return Answer(Availability.SOURCE_NOT_CONNECTED, question.provider, question.asked_at)
        said = _ask(connector, asked)
        exchange = said.exchange
        less = answers.narrowed(asked, said)
        rows, results = answers.believed(asked, said.rows, less), answers.compared(asked, said)
    except Exception as error:
        _log(question.provider, error)
        # What was signed and not believed stays evidence of who said it.
        said = Said(Availability.PROVIDER_UNAVAILABLE, exchange=exchange)
        less, rows, results = {}, [], {}
    availability = _availability(said, rows, less)
    return Answer(
        availability,
        question.provider,
        question.asked_at,
        rows,
        said.reason or _first_reason(availability, less),
        {name: match for name, match in results.items() if name not in less},
        said.sealed,
        said.exchange,
        round((time.monotonic() - begun) * 1000),
        question,
        less,
    )


def _availability(said: Said, rows: Sequence[Any], less: Decided) -> Availability:
    """What is said of rows must be true of those that are believed, and is partial where fields are held
    back, whatever the provider calls it.
    """
    if said.availability in (Availability.RECORDS, Availability.PARTIAL):
        if not (rows or said.sealed or said.results):
            return Availability.WITHHELD if less else Availability.NO_RECORD
        return Availability.PARTIAL if less else said.availability
    return said.availability


def _first_reason(availability: Availability, less: Decided) -> Reason | None:
    """A provider that holds back without a word of its own is taken at its word on the field."""
    if availability not in (Availability.PARTIAL, Availability.WITHHELD):
        return None
    return next((reason for _, reason in less.values()), None)


def _ask(connector: Connector, asked: Asked) -> Said:
    with _guard:
        way = _ways.setdefault(connector.provider, _Way())
    if not way.breaker.admits():
        raise Unavailable(f"{connector.provider}: failed too often just now, so it is not asked for a while")
    try:
        with _turn(way, connector.provider):
            said = connector.ask(asked)
    except BaseException:
        way.breaker.failed()
        raise
    way.breaker.succeeded()
    return said


@contextmanager
def _turn(way: _Way, provider: str) -> Iterator[None]:
    """Ask a provider when fewer than `IN_FLIGHT_MAX` others do; raises `Unavailable` where none returns."""
    if not way.turns.acquire(timeout=_WAIT_SECONDS):
        raise Unavailable(
            f"{provider}: {gateways.IN_FLIGHT_MAX} earlier questions are still without an answer"
        )
    try:
        yield
    finally:
        way.turns.release()


def _log(provider: str, error: Exception) -> None:
    """Say why there was no answer; an error that isn't the provider's word is shown whole: it may be ours."""
    expected = isinstance(error, Unavailable | InvalidAddress)
    told = None if expected else error
    named = loader.load().provider_label(provider)
    log.warning("%s没有给出可用的答复 gave no usable answer: %s", named, error, exc_info=told)
