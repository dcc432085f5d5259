"""Firms' data in clear that must lie on disk for a moment: in the node's own folder, and gone with its use.

A killed process clears nothing up. So whoever is at work in a folder holds a lock there, which the kernel
drops when its holder dies, however it dies: what nobody holds is swept.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_HELD = ".held"
#: Between the making of a folder and its lock lies a moment, in which it isn't swept.
_MAKING_SECONDS = 60


@contextmanager
def own(var: Path, purpose: str) -> Iterator[Path]:
    """Have a folder that only this system user may read; it is gone after the `with` block."""
    path = Path(tempfile.mkdtemp(dir=place(var), prefix=f"{purpose}-"))  # mkdtemp makes 0700
    try:
        with (path / _HELD).open("xb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def place(var: Path) -> Path:
    """The folder of all such folders, and of files without a name."""
    made = var / "scratch"
    made.mkdir(parents=True, exist_ok=True, mode=0o700)
    return made


def sweep(var: Path, *, now: float) -> int:
    """Delete the folders that a killed process left; return how many."""
    swept = 0
    for path in (var / "scratch").glob("*-*"):
        with suppress(FileNotFoundError):  # its holder clears it up by itself
            if now - path.stat().st_mtime > _MAKING_SECONDS and not _is_held(path):
                shutil.rmtree(path)
                swept += 1
    return swept


def _is_held(path: Path) -> bool:
    try:
        with (path / _HELD).open("r+b") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
