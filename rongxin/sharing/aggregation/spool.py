"""Where a received file waits until it is filed: on disk and synced before anyone is told "received".

The file is deleted once its batch is filed or refused: rejected rows are kept with the batch, and everything
else in it is either in the store or was not to be kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings

_BLOCK = 1 << 20
_ABANDONED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Spooled:
    """A file that survives a crash."""

    path: Path
    sha256: str
    size_bytes: int


def path_of(batch_id: UUID) -> Path:
    return _directory() / str(batch_id)


def take(path: Path, batch_id: UUID) -> Spooled:
    """Copy a file in, whole or not at all; raises FileNotFoundError or another OSError of the source."""
    directory = _directory()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    final, part = path_of(batch_id), directory / f"{batch_id}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as source, part.open("xb") as copy:
            os.fchmod(copy.fileno(), 0o600)
            while block := source.read(_BLOCK):
                digest.update(block)
                size += copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
        part.rename(final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(directory)
    return Spooled(final, digest.hexdigest(), size)


def drop(batch_id: UUID) -> None:
    path_of(batch_id).unlink(missing_ok=True)


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
    """Delete halves of files that a killed process left."""
    for path in _directory().glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            if now - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()


def _directory() -> Path:
    return Path(settings.RONGXIN_VAR) / "spool"


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
