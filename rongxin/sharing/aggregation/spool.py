"""Where a received file waits until it is filed: on disk, sealed and synced before anyone is told "received".

It may wait for days where a second person has to look at it, so what lies here is sealed block by block under
the node's data keys (docs/decisions/0019). For the length of one attempt to file it, it is opened beside. The
file is deleted once its batch is filed or refused: rejected rows are kept with the batch, and everything else
in it is either in the store or was not to be kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from rongxin.journal import keyring
from rongxin.proof.errors import Forged

_BLOCK = 1 << 20
_LENGTH = 4  # bytes before each sealed block, that say how long it is
_ABANDONED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Spooled:
    """A file that survives a crash; digest and size are those of what is in it."""

    path: Path
    sha256: str
    size_bytes: int


def path_of(batch_id: UUID) -> Path:
    return _directory() / str(batch_id)


def take(path: Path, batch_id: UUID) -> Spooled:
    """Seal a file in, whole or not at all; raises FileNotFoundError or another OSError of the source."""
    directory = _directory()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    final, part = path_of(batch_id), directory / f"{batch_id}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as source, part.open("xb") as copy:
            os.fchmod(copy.fileno(), 0o600)
            number, block, more = 0, source.read(_BLOCK), True
            while more:  # an empty file is one empty block: a file without any was cut off
                digest.update(block)
                size += len(block)
                following = source.read(_BLOCK)
                more = bool(following)
                _write(copy, block, _place(batch_id, number, last=not more))
                number, block = number + 1, following
            copy.flush()
            os.fsync(copy.fileno())
        part.rename(final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(directory)
    return Spooled(final, digest.hexdigest(), size)


@contextlib.contextmanager
def opened(batch_id: UUID) -> Iterator[Path]:
    """Give the file in clear for the readers, who work on files; it is gone after the `with` block.

    Raises `Forged` where what lies here is not what was taken in, whole and in order.
    """
    clear = _clear(batch_id)
    clear.unlink(missing_ok=True)  # of an attempt that was killed
    try:
        with path_of(batch_id).open("rb") as source, clear.open("xb") as copy:
            os.fchmod(copy.fileno(), 0o600)
            for block in _blocks(source, batch_id):
                copy.write(block)
        yield clear
    finally:
        clear.unlink(missing_ok=True)


def drop(batch_id: UUID) -> None:
    path_of(batch_id).unlink(missing_ok=True)
    _clear(batch_id).unlink(missing_ok=True)


def waiting() -> set[UUID]:
    """Return the batches, or what never became one, of which a whole file lies here."""
    return {UUID(path.name) for path in _directory().glob("*-*") if not path.suffix}


def abandoned(batch_id: UUID, *, now: float) -> bool:
    """Whether a file without a batch is so old that no submission can be about to commit one."""
    try:
        return now - path_of(batch_id).stat().st_mtime > _ABANDONED_SECONDS
    except FileNotFoundError:
        return False


def drop_parts(*, now: float) -> None:
    """Delete halves of files, and opened ones, that a killed process left."""
    for path in (*_directory().glob("*.part"), *_directory().glob("*.open")):
        with contextlib.suppress(FileNotFoundError):
            if now - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()


def _write(copy: BinaryIO, block: bytes, place: tuple[str | int, ...]) -> None:
    sealed = keyring.data_keys().seal(block, place=place)
    copy.write(len(sealed).to_bytes(_LENGTH, "big"))
    copy.write(sealed)


def _blocks(source: BinaryIO, batch_id: UUID) -> Iterator[bytes]:
    keys, number, head = keyring.data_keys(), 0, source.read(_LENGTH)
    if not head:
        raise Forged(f"{batch_id}: nothing is left of the file that was taken in")
    while head:
        sealed = source.read(int.from_bytes(head, "big"))
        head = source.read(_LENGTH)
        yield keys.open(sealed, place=_place(batch_id, number, last=not head))
        number += 1


def _place(batch_id: UUID, number: int, *, last: bool) -> tuple[str | int, ...]:
    """No block opens in another file, elsewhere in its own, or as the last one where the end was cut off."""
    return ("spool", str(batch_id), number, "last" if last else "more")


def _clear(batch_id: UUID) -> Path:
    return _directory() / f"{batch_id}.open"


def _directory() -> Path:
    return Path(settings.RONGXIN_VAR) / "spool"


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
