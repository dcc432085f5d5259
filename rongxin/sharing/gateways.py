"""The gateways that this node knows: one file each, kept by the administrator, read again on change.

A provider of several levels has one file a level: `national/agriculture_bureau.yaml` beside
`agriculture_bureau.yaml`, which is of the level that the catalogue gives it. The first that is connected for
an item is asked, in the order of its channel's levels; one of a level that the annex doesn't name never is
((五)).

The clock of a file system is coarse: what was changed within this moment may change again without its time
telling. So a file is relied on only when its youngest change, and that of the keys and certificates it names,
is older than a tick; until then it is read for every question.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.journal import keyring
from rongxin.proof.keys import VerifyingKey
from rongxin.sharing import source_levels
from rongxin.sharing.connectors import gateway
from rongxin.sharing.connectors.connector import Connector
from rongxin.vocabulary.level import SourceLevel
from rongxin.vocabulary.sharing_mode import SharingMode

#: How many questions one provider is asked at a time by one process; a provider that hangs may keep this many
#: of the gate's threads and no more. The annex has one provider answer ten items:
#: they are asked for at once.
IN_FLIGHT_MAX = 12

#: Levels in order; None is the file that names no level.
_Levels = tuple[SourceLevel | None, ...]

_TICK_NS = 1_000_000_000
#: Of each file: time of the last change, size and number of the file.
_State = tuple[tuple[int, int, int], ...]


class _Known(NamedTuple):
    """What was read of a gateway: its address and the contents of the files that this one names."""

    state: _State
    settled: bool
    files: tuple[Path, ...]
    content: tuple[gateway.Address, tuple[bytes, ...]]
    way: gateway.Gateway


_connected: dict[str, Connector] = {}
_from_files: dict[str, _Known] = {}
_guard = Lock()


def connect(provider: str, connector: Connector) -> None:
    """Register a way to a provider; it comes before any file."""
    _connected[provider] = connector


def disconnect(provider: str) -> None:
    _connected.pop(provider, None)


def of(provider: str, item: str) -> Connector | None:
    """Return the way to a provider that answers for an item, None where it isn't connected for it."""
    return next((one for one in _connectors(provider, _levels(provider, item)) if one.serves(item)), None)


def connected(questions: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return those pairs of provider and item for which there is a way to ask, and those where only asking
    will tell. The way to a provider is looked for once, however many of its items are asked for.
    """
    items: dict[str, list[str]] = {}
    for provider, item in questions:
        items.setdefault(provider, []).append(item)
    return frozenset((provider, item) for provider in items for item in _served(provider, items[provider]))


def keys_of(provider: str) -> list[VerifyingKey]:
    """Return the public keys by which a provider's gateway is known here."""
    found = _connectors(provider, (None, *SourceLevel))
    return [key for one in found if isinstance(one, gateway.Gateway) for key in one.keys.values()]


def known() -> list[str]:
    """Return the providers that have a gateway here, by name."""
    files = {
        path.stem
        for directory in _directories_now()
        for pattern in ("*.yaml", *(f"{level}/*.yaml" for level in SourceLevel))
        for path in directory.glob(pattern)
    }
    return sorted(files | set(_connected))


def _served(provider: str, items: Sequence[str]) -> Sequence[str]:
    by_levels: dict[_Levels, list[Connector]] = {}
    found = []
    for item in items:
        levels = _levels(provider, item)
        try:
            if levels not in by_levels:
                by_levels[levels] = list(_connectors(provider, levels))
            if any(one.serves(item) for one in by_levels[levels]):
                found.append(item)
        except gateway.InvalidAddress:
            found.append(item)
    return found


def _connectors(provider: str, levels: _Levels) -> Iterator[Connector]:
    """Yield the ways to a provider at some levels (None: the file that names none), in this order."""
    if (connected := _connected.get(provider)) is not None:
        yield connected
        return
    for level in levels:
        if (connector := _from_directories(provider, level)) is not None:
            yield connector


def _levels(provider: str, item: str) -> _Levels:
    return _levels_on(provider, item, timezone.localdate())


@lru_cache(maxsize=1024)
def _levels_on(provider: str, item: str, on: date) -> _Levels:
    """The levels at which an item may be asked for, first to last, that of the plain file among them."""
    known = loader.load().items.get(item)
    asked = [c for c in known.channels if c.mode is not SharingMode.PHYSICAL_AGGREGATION] if known else []
    channel = next((one for one in asked if one.provider == provider), None)
    if channel is None:
        return (None,)
    plain = source_levels.level_of(provider, channel, {})
    found: list[SourceLevel | None] = []
    for level in source_levels.order(channel, on):
        if level.level in channel.levels:
            found += [None, level] if level is plain else [level]
    return tuple(found)


def _directories_now() -> tuple[Path, ...]:
    given = os.environ.get("RONGXIN_GATEWAYS", "")
    return _directories(given, settings.RONGXIN_VAR, settings.RONGXIN_MODE)


@lru_cache(maxsize=8)
def _directories(given: str, var: str | Path, mode: str) -> tuple[Path, ...]:
    """Where the files lie: RONGXIN_GATEWAYS, else `gateways` under the working directory."""
    if given:
        return (Path(given),)
    own = Path(var) / "gateways"
    return (own, Path(var) / "demo" / "gateways") if mode == "demo" else (own,)


def _from_directories(provider: str, level: SourceLevel | None) -> Connector | None:
    for root in _directories_now():
        directory = root / level if level else root
        name = f"{directory}/{provider}.yaml"
        if (own := _state_of(name)) is not None:
            with _guard:
                return _from_file(name, directory, own)
    return None


def _from_file(name: str, directory: Path, own: tuple[int, int, int]) -> Connector:
    known = _from_files.get(name)
    if known is not None and known.settled and known.state == _state(own, known.files):
        return known.way
    address = gateway.read(Path(name))
    files = tuple(address.files(directory))
    state = _state(own, files)  # before they are read: a change meanwhile shows at the next question
    content = (address, tuple(file.read_bytes() if file.is_file() else b"" for file in files))
    way = known.way if known is not None and known.content == content else None
    if way is None:
        way = gateway.Gateway(address, directory, key=keyring.node_key, connections=IN_FLIGHT_MAX)
    settled = max(changed for changed, _, _ in state) < time.time_ns() - _TICK_NS
    _from_files[name] = _Known(state, settled, files, content, way)
    return way


def _state(own: tuple[int, int, int], files: Iterable[Path]) -> _State:
    return (own, *(_state_of(file) or (0, 0, 0) for file in files))


def _state_of(name: str | Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(name)  # noqa: PTH116 - asked for every report
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
