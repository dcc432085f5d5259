"""The gateways that this node knows: one file each, kept by the administrator, read again on change."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

from django.conf import settings

from rongxin.journal import keyring
from rongxin.proof.keys import VerifyingKey
from rongxin.sharing.connectors import gateway
from rongxin.sharing.connectors.connector import Connector

#: How many questions one provider is asked at a time by one process; a provider that hangs may keep this many
#: of the gate's threads and no more. The annex has one provider answer ten items:
#: they are asked for at once.
IN_FLIGHT_MAX = 12

_connected: dict[str, Connector] = {}
_from_files: dict[str, tuple[int, Connector]] = {}
_guard = Lock()


def connect(provider: str, connector: Connector) -> None:
    """Register a way to a provider; it comes before any file."""
    _connected[provider] = connector


def disconnect(provider: str) -> None:
    _connected.pop(provider, None)


def of(provider: str, item: str) -> Connector | None:
    """Return the way to a provider that answers for an item, None where it isn't connected for it."""
    connector = _connector(provider)
    return connector if connector is not None and connector.serves(item) else None


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
    connector = _connector(provider)
    return list(connector.keys.values()) if isinstance(connector, gateway.Gateway) else []


def known() -> list[str]:
    """Return the providers that have a gateway here, by name."""
    files = {path.stem for directory in _directories_now() for path in directory.glob("*.yaml")}
    return sorted(files | set(_connected))


def _served(provider: str, items: Sequence[str]) -> Sequence[str]:
    try:
        connector = _connector(provider)
        return [item for item in items if connector is not None and connector.serves(item)]
    except gateway.InvalidAddress:
        return items


def _connector(provider: str) -> Connector | None:
    return _connected.get(provider) or _from_directories(provider)


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


def _from_directories(provider: str) -> Connector | None:
    for directory in _directories_now():
        name = f"{directory}/{provider}.yaml"
        try:
            changed = os.stat(name).st_mtime_ns  # noqa: PTH116 - asked for every report
        except OSError:
            continue
        with _guard:
            known = _from_files.get(name)
            if known is None or known[0] != changed:
                address = gateway.read(Path(name))
                made = gateway.Gateway(address, directory, key=keyring.node_key, connections=IN_FLIGHT_MAX)
                known = _from_files[name] = (changed, made)
        return known[1]
    return None
