"""Rows on their way into files of the lake: text in Parquet parts, given out in lots that fit into a sort.

DuckDB sorts beyond its memory only where texts are short; of long ones it wants all in memory at once. So a
lot is bounded by the memory that its texts take, and what is longer becomes several files.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

SUFFIX = ".parquet"
#: What a lot's texts take in memory, in bytes: a quarter of what the sort has (docs/decisions/0064).
LOT_BYTES = 48 << 20
#: And so many rows are enough, however short their texts.
LOT_ROWS = 1_000_000
_GROUP_BYTES = 4 << 20
# Fewer rows than DuckDB handles at once make no smaller group.
_GROUP_LEAST, _GROUP_MOST = 2_048, 20_480


@dataclass(frozen=True)
class Lot:
    """The rows of one file: its parts in order, how many rows may be held at once, whether more follow."""

    parts: tuple[Path, ...]
    row_group: int
    full: bool


@dataclass(frozen=True)
class _Part:
    path: Path
    rows: int
    size: int


class Spool:
    """A folder of parts. It comes with the first part and goes by `clear`; after a kill it is swept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[_Part] = []

    @property
    def rows(self) -> int:
        """How many rows lie here."""
        return sum(part.rows for part in self._parts)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was laid down yet, not even a part without rows."""
        return not self._parts

    def add(self, rows: pl.DataFrame) -> None:
        """Lay rows down, every column a text."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for piece in _pieces(rows):
            path = self._folder / f"{len(self._parts):06d}{SUFFIX}"
            part = _Part(path, piece.height, int(piece.estimated_size()))
            piece.write_parquet(path, compression="lz4", statistics=False, row_group_size=_group([part]))
            self._parts.append(part)

    def lots(self) -> list[Lot]:
        """Divide the parts, in their order, among files."""
        lots: list[list[_Part]] = []
        for part in self._parts:
            if not lots or _are_too_much([*lots[-1], part]):
                lots.append([])
            lots[-1].append(part)
        return [_lot(parts, full=parts is not lots[-1]) for parts in lots]

    def clear(self) -> None:
        """Remove all parts."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._parts.clear()


def _pieces(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Halve what would fill a lot for itself, until no piece does (or it is a single row)."""
    if rows.height > 1 and 2 * rows.estimated_size() > LOT_BYTES:
        half = rows.height // 2
        yield from _pieces(rows[:half])
        yield from _pieces(rows[half:])
    else:
        yield rows


def _are_too_much(parts: list[_Part]) -> bool:
    return sum(part.size for part in parts) > LOT_BYTES or sum(part.rows for part in parts) > LOT_ROWS


def _lot(parts: list[_Part], *, full: bool) -> Lot:
    return Lot(tuple(part.path for part in parts), _group(parts), full)


def _group(parts: list[_Part]) -> int:
    """How many of these rows a row group holds; a writer has two groups in memory, uncompressed."""
    rows, size = sum(part.rows for part in parts), sum(part.size for part in parts)
    return min(max(_GROUP_BYTES * rows // max(size, 1), _GROUP_LEAST), _GROUP_MOST)
