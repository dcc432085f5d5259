"""The keys of this node: `node` signs receipts, consents and reports; `journal` signs checkpoints.

They lie in RONGXIN_KEYS (default: `keys` under the working directory). A node in production brings them
(`rongxin keys init`); any other makes them on first use.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from django.conf import settings

from rongxin.journal.errors import OriginMissing
from rongxin.proof.data_keys import DataKeys
from rongxin.proof.keys import PRIVATE_SUFFIX, Keyring, SigningKey, VerifyingKey

# The clock of a file system is coarse: a directory listed within this time of a change may change again
# without its time telling, so such a listing is not relied on.
_TICK_NS = 1_000_000_000


class _Listing(NamedTuple):
    """What lay in the directory of the keys when it was last read."""

    changed: int
    settled: bool
    names: tuple[str, ...]


_listed: dict[Path, _Listing] = {}

NODE = "node"
JOURNAL = "journal"


def node_key() -> SigningKey:
    return _signing(directory_of_keys(), NODE)


def journal_key() -> SigningKey:
    return _signing(directory_of_keys(), JOURNAL)


def make(directory: Path) -> VerifyingKey:
    """Make all keys of a new node and return its public one; raises `FileExistsError` where one is there."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    there = sorted(path.name for path in directory.iterdir())
    if there:
        raise FileExistsError(", ".join(there))
    SigningKey.generate(JOURNAL).save(directory / f"{JOURNAL}{PRIVATE_SUFFIX}")
    DataKeys.load(directory, create=True)
    node = SigningKey.generate(NODE)
    node.save(directory / f"{NODE}{PRIVATE_SUFFIX}")
    return node.public


def verifying_keys() -> Mapping[str, VerifyingKey]:
    """Every key this node believes, by id: its own and the `*.pub.pem` beside them (retired ones).

    Read again when a file comes into the directory, goes or is replaced.
    """
    node_key(), journal_key()
    directory = directory_of_keys()
    listing = _listing(directory)
    return _verifying(directory, listing.changed, listing.names)


def data_keys() -> DataKeys:
    """The keys that seal what the database must not show; read again when the directory changes."""
    directory = directory_of_keys()
    try:
        listing = _listing(directory)
    except FileNotFoundError:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        listing = _listing(directory)
    return _data_keys(directory, listing.changed, listing.names)


def _listing(directory: Path) -> _Listing:
    changed = os.stat(directory).st_mtime_ns  # noqa: PTH116 - asked for every signature that is checked
    known = _listed.get(directory)
    if known is None or known.changed != changed or not known.settled:
        names = tuple(path.name for path in directory.iterdir())
        known = _listed[directory] = _Listing(changed, changed < time.time_ns() - _TICK_NS, names)
    return known


def origin() -> str:
    """The name of this node's journal in its checkpoints; no two logs of the network share one."""
    name = os.environ.get("RONGXIN_ORIGIN", "")
    if not name and settings.RONGXIN_MODE == "production":
        raise OriginMissing(OriginMissing.__doc__)
    return name or "rongxin.invalid/journal"


def directory_of_keys() -> Path:
    fallback = Path(settings.RONGXIN_VAR) / ("test/keys" if settings.RONGXIN_MODE == "test" else "keys")
    return Path(os.environ.get("RONGXIN_KEYS") or fallback)


def _keyring(directory: Path) -> Keyring:
    return Keyring(directory, create=settings.RONGXIN_MODE != "production")


@cache
def _signing(directory: Path, name: str) -> SigningKey:
    return _keyring(directory).signing(name)


@lru_cache(maxsize=4)
def _verifying(directory: Path, changed: int, names: tuple[str, ...]) -> Mapping[str, VerifyingKey]:
    return MappingProxyType(dict(_keyring(directory).verifying()))


@lru_cache(maxsize=4)
def _data_keys(directory: Path, changed: int, names: tuple[str, ...]) -> DataKeys:
    return DataKeys.load(directory, create=settings.RONGXIN_MODE != "production")
