"""Files that are there whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def part_of(out: Path) -> Path:
    """Where a file lies while it is written."""
    return out.with_name(f".{out.name}.part")


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """Have a file beside `out` to write into: it takes its place once it is whole, and is gone otherwise."""
    part = part_of(out)
    try:
        yield part
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
