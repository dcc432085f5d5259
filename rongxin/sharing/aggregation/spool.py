"""Where a received file waits until it is filed: on disk, sealed and synced before anyone is told "received".

It may wait for days where a second person has to look at it, so what lies here is sealed block by block under
the node's data keys (docs/decisions/0019). For the length of one attempt to file it, it is opened beside. The
file is deleted once its batch is filed or refused: rejected rows are kept with the batch, and everything else
in it is either in the store or was not to be kept.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction

from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.proof.errors import Forged
from rongxin.sharing.errors import DiskFull
from rongxin.vocabulary.actor import Actor

log = logging.getLogger(__name__)
_BLOCK = 1 << 20
_LENGTH = 4  # bytes before each sealed block, that say how long it is
_HEAD = 8  # of a sealed block: which key it is under (`proof.data_keys`)
_ABANDONED_SECONDS = 24 * 3600
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Spooled:
    """A file that survives a crash; digest and size are those of what is in it."""

    path: Path
    sha256: str
    size_bytes: int


def path_of(batch_id: UUID) -> Path:
    return _directory() / str(batch_id)


def take(path: Path, batch_id: UUID) -> Spooled:
    """Seal a file in, whole or not at all; raises `DiskFull`, or an OSError of the source."""
    directory = _directory()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    final, part = path_of(batch_id), directory / f"{batch_id}.part"
    digest, size = hashlib.sha256(), 0

    def blocks(source: BinaryIO) -> Iterator[bytes]:
        nonlocal size
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            yield block

    try:
        with _room(), path.open("rb") as source, part.open("xb") as copy:
            _seal(blocks(source), copy, batch_id)
        part.rename(final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(directory)
    return Spooled(final, digest.hexdigest(), size)


@contextlib.contextmanager
def opened(batch_id: UUID) -> Iterator[Path]:
    """Give the file in clear for the readers, who work on files; it is gone after the `with` block.

    Raises `Forged` where what lies here is not what was taken in, whole and in order, and where the opened
    file was cut while it was read; `DiskFull`.
    """
    clear, size = _clear(batch_id), 0
    clear.unlink(missing_ok=True)  # of an attempt that was killed
    try:
        with _room(batch_id), path_of(batch_id).open("rb") as source, clear.open("xb") as copy:
            os.fchmod(copy.fileno(), 0o600)
            for block in _blocks(source, batch_id):
                size += copy.write(block)
        yield clear
        if not clear.exists() or clear.stat().st_size != size:
            raise Forged(f"{batch_id}: the opened file was cut or taken away while it was read; try again")
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


def renew(*, actor: Actor, as_of: datetime) -> int:
    """Seal under the newest key what waits under an older one; return how many files.

    One that is filed meanwhile is read on from the file as it was; should it come back by this, it is swept.
    A damaged one is left: whoever files it will be told.
    """
    done = 0
    for batch_id in sorted(waiting()):
        try:
            done += _renewed(batch_id)
        except FileNotFoundError:
            continue  # filed by now
        except Forged as error:
            log.warning("%s", error)
    if done:
        refs: dict[str, str | int] = {
            "table": "spool",
            "version": keyring.data_keys().current,
            "texts": done,
        }
        with transaction.atomic():
            entries.append(Kind.DATA_REENCRYPTED, actor=actor, refs=refs, as_of=as_of)
    return done


def _renewed(batch_id: UUID) -> bool:
    final, part = path_of(batch_id), _directory() / f"{batch_id}.part"
    with final.open("rb") as source:
        if _is_current(source):
            return False
        source.seek(0)
        part.unlink(missing_ok=True)  # of a run that was killed
        try:
            with _room(batch_id), part.open("xb") as copy:
                _seal(_blocks(source, batch_id), copy, batch_id)
            part.rename(final)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    _sync(_directory())
    return True


def _is_current(source: BinaryIO) -> bool:
    """Whether the file is under the newest key: its first block, as a key may come while it is taken in."""
    keys = keyring.data_keys()
    source.seek(_LENGTH)
    return source.read(_HEAD) == keys.head(keys.current)


def _seal(blocks: Iterable[bytes], copy: BinaryIO, batch_id: UUID) -> None:
    """Write blocks sealed, the last one marked as such, and wait until they are on disk."""
    os.fchmod(copy.fileno(), 0o600)
    remaining = iter(blocks)
    number = 0
    block: bytes | None = next(remaining, b"")  # an empty file is one empty block: without any it was cut off
    while block is not None:
        following = next(remaining, None)
        _write(copy, block, _place(batch_id, number, last=following is None))
        number, block = number + 1, following
    copy.flush()
    os.fsync(copy.fileno())


def _write(copy: BinaryIO, block: bytes, place: tuple[str | int, ...]) -> None:
    sealed = keyring.data_keys().seal(block, place=place)
    copy.write(len(sealed).to_bytes(_LENGTH, "big"))
    copy.write(sealed)


@contextlib.contextmanager
def _room(received: UUID | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull(received) from error
        raise


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
