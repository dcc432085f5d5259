"""Rows with more or fewer cells than the header: found before anything is learnt from a shifted column.

A reader fills what a short row lacks with nothing, in silence. So the separators are counted: as many as
columns and rows want, or the first row that differs is named. One pass over the bytes, in pieces.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rongxin.evaluation.fitting.errors import UnreadableData

_PIECE = 256 << 10  # so that what is made of it stays in the processor's cache
_NEWLINE = ord("\n")
_TAIL = 4096


@dataclass(frozen=True)
class Layout:
    """How a file is written: `skipped` lines stand before the first row; a row has so many `cells`."""

    separator: str
    quote: str
    cells: int
    skipped: int
    comment: str = ""


def rows(source: Path, layout: Layout, *, name: str) -> int | None:
    """Return how many rows there are, where empty lines at the end are not to be read as rows; None else.

    Raises `UnreadableData` with the line of the first row that has too many or too few cells, or is empty.
    """
    if layout.cells < 2:
        return None  # an empty line is a missing value where there is one column
    with source.open("rb") as file:
        lines, separators, empty_at_end = _counted(file, layout)
    if separators == lines * (layout.cells - 1):
        return lines if empty_at_end else None
    with source.open("rb") as file:
        found = _checked(file, layout, name)
    return found if empty_at_end else None


def _counted(file: IO[bytes], layout: Layout) -> tuple[int, int, int]:
    """Count rows and separators outside quotation marks, and the empty lines at the end."""
    for _ in range(layout.skipped):
        file.readline()
    lines = separators = inside = 0
    tail = b""
    while piece := file.read(_PIECE):
        cells = np.frombuffer(piece, dtype=np.uint8)
        counted: NDArray[Any] = cells
        if inside or layout.quote.encode() in piece:
            turns = np.cumsum(cells == ord(layout.quote), dtype=np.uint8)
            turns += np.uint8(inside)
            counted = cells[(turns & 1) == 0]
            inside = int(turns[-1]) & 1
        lines += int(np.count_nonzero(counted == _NEWLINE))
        separators += int(np.count_nonzero(counted == ord(layout.separator)))
        tail = (tail + piece)[-_TAIL:]
    bare = tail.replace(b"\r", b"")
    empty = max(0, len(bare) - len(bare.rstrip(b"\n")) - 1)
    return lines + (bare != b"" and not bare.endswith(b"\n")) - empty, separators, empty


def _checked(file: IO[bytes], layout: Layout, name: str) -> int:
    """Go through the rows one by one: counting told that one is wrong, or couldn't tell."""
    for _ in range(layout.skipped):
        file.readline()
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
    reader = csv.reader(text, delimiter=layout.separator, quotechar=layout.quote)
    count = empty_line = 0
    try:
        before = 0
        for row in reader:
            line, before = layout.skipped + before + 1, reader.line_num  # where the row begins
            if layout.comment and row and row[0].startswith(layout.comment):
                continue
            if not row:
                empty_line = empty_line or line
                continue
            if empty_line:
                raise UnreadableData(f"{name}, line {empty_line}: 是空行，请删去 is empty; delete the line")
            if len(row) != layout.cells:
                raise UnreadableData(
                    f"{name}, line {line}: 有 {len(row)} 格，表头却有 {layout.cells} 列，请改正"
                    "（含分隔符的格须加引号） "
                    f"{len(row)} cells, but there are {layout.cells} columns; "
                    "correct the line (a cell that holds a separator must stand in quotation marks)"
                )
            count += 1
    except csv.Error as error:
        raise UnreadableData(
            f"{name}, line {layout.skipped + reader.line_num}: 此行读不成 CSV，请改正 "
            f"no CSV here, correct the line: {error}"
        ) from error
    return count
