"""接口调用 and 数据核验: ask a provider about one subject. Only the gate may import this module (design §3).

"No answer" is never "no record": a provider that isn't connected, one that fails or is too slow, and one
that has no record are three different availabilities. What a connector brings is believed only as far as
`sharing.answers` finds it to be about the subject and of the channel. Nothing here touches the ORM: the gate
asks several providers side by side, from threads.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from django.conf import settings

from rongxin.catalogue.schema import Channel, Item
from rongxin.journal import keyring
from rongxin.sharing import answers
from rongxin.sharing.connectors import mapping as mappings
from rongxin.sharing.connectors.connector import Connector
from rongxin.sharing.connectors.csv_file import CsvFile
from rongxin.sharing.connectors.query import NO_AUTHORITY, Authority, Match, Query, SubjectKeys, Unavailable
from rongxin.sharing.connectors.sqlite import Sqlite
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.sharing_mode import SharingMode

log = logging.getLogger(__name__)

_KINDS = {"sqlite": Sqlite, "csv": CsvFile}
_connected: dict[str, Connector] = {}
_from_files: dict[str, tuple[int, Connector]] = {}
_guard = Lock()

#: How many questions one provider is asked at a time. The gate's threads are few; a provider that hangs may
#: keep this many of them and no more. A waiting question keeps a thread too, so it waits shortly.
IN_FLIGHT_MAX = 2
_WAIT_SECONDS = 1.0
_in_flight: dict[str, BoundedSemaphore] = {}


@dataclass(frozen=True)
class Answer:
    """What a provider answered: rows of catalogue field → JSON value, permitted fields only."""

    availability: Availability
    provider: str
    answered_at: datetime
    rows: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Check:
    """What a provider said of claimed values; a field that may not be checked has no result."""

    availability: Availability
    provider: str
    answered_at: datetime
    results: Mapping[str, Match] = field(default_factory=dict)


def call(
    item: Item,
    channel: Channel,
    *,
    subject: SubjectKeys,
    fields: Sequence[str],
    authority: Authority = NO_AUTHORITY,
    as_of: datetime,
) -> Answer:
    """Ask for the subject's rows of an interface-call channel.

    `fields` are those that the gate lets leave; the asked side drops what it does not find permitted.
    """
    if channel.mode is not SharingMode.INTERFACE_CALL:
        raise ValueError(
            f"{item.item}: rows are called only where the annex says 接口调用, not {channel.mode}"
        )
    query = Query(item, channel, subject, tuple(fields), authority, as_of)
    try:
        connector = connector_of(channel.provider, item.item)
        if connector is None:
            return Answer(Availability.SOURCE_NOT_CONNECTED, channel.provider, as_of)
        with _turn(channel.provider):
            answered = connector.fetch(query)
        found = answers.believed(query, answered)
    except Exception as error:
        _log(channel.provider, error)
        return Answer(Availability.PROVIDER_UNAVAILABLE, channel.provider, as_of)
    availability = Availability.RECORDS if found else Availability.NO_RECORD
    return Answer(availability, channel.provider, as_of, found)


def verify(
    item: Item,
    channel: Channel,
    *,
    subject: SubjectKeys,
    claims: Mapping[str, str],
    authority: Authority = NO_AUTHORITY,
    as_of: datetime,
) -> Check:
    """Put claimed values as a question: match, mismatch or no record for each field; no value comes back."""
    query = Query(item, channel, subject, tuple(claims), authority, as_of)
    try:
        connector = connector_of(channel.provider, item.item)
        if connector is None:
            return Check(Availability.SOURCE_NOT_CONNECTED, channel.provider, as_of)
        with _turn(channel.provider):
            results = connector.check(query, claims)
    except Exception as error:
        _log(channel.provider, error)
        return Check(Availability.PROVIDER_UNAVAILABLE, channel.provider, as_of)
    if not results:
        availability = Availability.WITHHELD
    elif set(results.values()) == {Match.NO_RECORD}:
        availability = Availability.NO_RECORD
    else:
        availability = Availability.RECORDS
    return Check(availability, channel.provider, as_of, results)


def connect(provider: str, connector: Connector) -> None:
    """Register a way to a provider; it comes before any mapping file."""
    _connected[provider] = connector


def disconnect(provider: str) -> None:
    _connected.pop(provider, None)


def connector_of(provider: str, item: str) -> Connector | None:
    """Return the way to a provider that answers for an item, None where it isn't connected for it."""
    connector = _connector(provider)
    return connector if connector is not None and connector.serves(item) else None


def connected(questions: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return those pairs of provider and item for which there is a way to ask, and those where only `call`
    will tell. The way to a provider is looked for once, however many of its items are asked for.
    """
    items: dict[str, list[str]] = {}
    for provider, item in questions:
        items.setdefault(provider, []).append(item)
    return frozenset((provider, item) for provider in items for item in _served(provider, items[provider]))


def _served(provider: str, items: Sequence[str]) -> Sequence[str]:
    try:
        connector = _connector(provider)
        return [item for item in items if connector is not None and connector.serves(item)]
    except Exception:
        return items


def _connector(provider: str) -> Connector | None:
    return _connected.get(provider) or _from_directories(provider)


@lru_cache(maxsize=8)
def _directories(given: str, var: str | Path, mode: str) -> tuple[Path, ...]:
    """Where mapping files lie: RONGXIN_PROVIDERS, else `providers` under the working directory."""
    if given:
        return (Path(given),)
    own = Path(var) / "providers"
    return (own, Path(var) / "demo" / "providers") if mode == "demo" else (own,)


def _from_directories(provider: str) -> Connector | None:
    given = os.environ.get("RONGXIN_PROVIDERS", "")
    for directory in _directories(given, settings.RONGXIN_VAR, settings.RONGXIN_MODE):
        name = f"{directory}/{provider}.yaml"
        try:
            changed = os.stat(name).st_mtime_ns  # noqa: PTH116 - asked for every report
        except OSError:
            continue
        with _guard:
            known = _from_files.get(name)
            if known is None or known[0] != changed:
                mapping = mappings.read(Path(name))
                known = (changed, _KINDS[mapping.connector](directory, mapping, keyring.verifying_keys))
                _from_files[name] = known
        return known[1]
    return None


@contextmanager
def _turn(provider: str) -> Iterator[None]:
    """Ask a provider when fewer than `IN_FLIGHT_MAX` others do; raises `Unavailable` where none returns."""
    with _guard:
        turns = _in_flight.setdefault(provider, BoundedSemaphore(IN_FLIGHT_MAX))
    if not turns.acquire(timeout=_WAIT_SECONDS):
        raise Unavailable(f"{provider}: {IN_FLIGHT_MAX} earlier questions are still without an answer")
    try:
        yield
    finally:
        turns.release()


def _log(provider: str, error: Exception) -> None:
    """Say why there was no answer; an error that isn't the provider's word is shown whole: it may be ours."""
    expected = isinstance(error, Unavailable)
    log.warning("%s gave no answer: %s", provider, error, exc_info=None if expected else error)
