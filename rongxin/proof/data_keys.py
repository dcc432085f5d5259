"""Keys under which a node seals what its database must not show (threat T11), and the keyed index.

They lie as `data-N.secret` beside the signing keys, never in the database. New texts are sealed under the
highest N; a text names the key it was sealed under, so older ones stay readable for as long as their file
stays. `index.secret` makes the keyed hashes by which equal values are found: it is never rotated, since a
hash can't be made again without the value.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from rongxin.proof.errors import Forged, KeyMissing, KeyUnsafe, ProofError
from rongxin.proof.profile import INTL, Profile

_NAME = re.compile(r"data-([1-9][0-9]*)\.secret")
_INDEX = "index.secret"
_HEAD = 8  # of a sealed text: version of the key (4 bytes) and what tells it from another of that number (4)


@dataclass(frozen=True)
class DataKeys:
    """The data keys of one directory, by version, and the key of the index."""

    directory: Path
    secrets: Mapping[int, bytes] = field(repr=False)
    index_secret: bytes = field(repr=False)
    profile: Profile = INTL

    @classmethod
    def load(cls, directory: Path, *, create: bool) -> DataKeys:
        """Read all keys; the first ones are made if `create`, else their absence is `KeyMissing`."""
        missing = [] if _of(directory) else ["data-1.secret"]
        missing += [] if (directory / _INDEX).exists() else [_INDEX]
        for name in missing if create else []:
            with contextlib.suppress(FileExistsError):  # another process was first: its key is the key
                _write(directory / name)
        found = {version: _read(path) for version, path in _of(directory).items()}
        if not found:
            raise KeyMissing(f"{directory}: no data-N.secret; run `rongxin keys rotate` to make the first")
        return cls(directory, found, _read(directory / _INDEX))

    @property
    def current(self) -> int:
        return max(self.secrets)

    def seal(self, plain: bytes, *, place: tuple[str | int, ...]) -> bytes:
        """Seal for one place (table, column, row): nowhere else will it open."""
        secret = self.secrets[self.current]
        return self.head(self.current) + self.profile.seal(secret, plain, place=_bytes(place))

    def open(self, sealed: bytes, *, place: tuple[str | int, ...]) -> bytes:
        """Open; raises `KeyMissing` where the key isn't here, `Forged` where text or place isn't the right
        one.
        """
        version = self.version(sealed)
        where = self.directory / f"data-{version}.secret"
        if version not in self.secrets:
            raise KeyMissing(
                f"{where}: missing, yet data is sealed under it; restore it from your key backup"
            )
        if sealed[:_HEAD] != self.head(version):
            raise KeyMissing(
                f"{where}: not the key that this data was sealed under; restore the right one from your "
                "key backup (is RONGXIN_KEYS the directory of this node?)"
            )
        try:
            return self.profile.open(self.secrets[version], sealed[_HEAD:], place=_bytes(place))
        except Forged as error:
            raise Forged(
                f"{' '.join(map(str, place))}: the sealed text was changed, or moved here from another row; "
                "restore the row from a backup and find out who wrote to the database"
            ) from error

    def index(self, text: str | bytes, *, use: str) -> bytes:
        """Give the keyed hash of a value: equal for equal values, of no use to who lacks the key."""
        data = text.encode() if isinstance(text, str) else text
        return hmac.digest(self.index_secret, use.encode() + b"\0" + data, "sha256")

    @staticmethod
    def version(sealed: bytes) -> int:
        if len(sealed) <= _HEAD:
            raise Forged("a sealed text is too short to be one")
        return int.from_bytes(sealed[:4], "big")

    def head(self, version: int) -> bytes:
        """What every text that is sealed under this version begins with."""
        return version.to_bytes(4, "big") + sha256(b"rongxin data key\0" + self.secrets[version]).digest()[:4]


def rotate(directory: Path) -> int:
    """Make the next data key (and, on an empty directory, the index's); return its version."""
    version = max(_of(directory), default=0) + 1
    _write(directory / f"data-{version}.secret")
    if not (directory / _INDEX).exists():
        _write(directory / _INDEX)
    return version


def _of(directory: Path) -> dict[int, Path]:
    named = ((_NAME.fullmatch(path.name), path) for path in sorted(directory.glob("data-*.secret")))
    return {int(match[1]): path for match, path in named if match}


def _bytes(place: tuple[str | int, ...]) -> bytes:
    return json.dumps(place).encode()


def _read(path: Path) -> bytes:
    try:
        mode, text = path.stat().st_mode, path.read_text()
    except FileNotFoundError as error:
        raise KeyMissing(f"{path}: no such key; restore it from your key backup") from error
    if stat.S_IMODE(mode) & 0o077:
        raise KeyUnsafe(f"{path}: others may read this key; chmod 600 it and rotate")
    if not re.fullmatch(r"[0-9a-f]{64}\n?", text):
        raise ProofError(f"{path}: not 64 hexadecimal digits; restore it from your key backup")
    return bytes.fromhex(text.strip())


def _write(path: Path) -> None:
    """Write a new key whole or not at all, 0600 from the first byte; never over another file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        Path(temporary).unlink()
