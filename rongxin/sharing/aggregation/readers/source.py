"""What every reader gives: chunks of text columns whose line numbers are true to the file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import polars as pl

from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with one row that the reader saw; `text` is the row where it could not be parsed."""

    line: int
    rule: str
    message: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of a file.

    `frame` holds the rows that could be parsed: String columns named by the file's headers; `lines` gives
    each one's line (of a workbook: row) in the file. `broken` are rows that could not be parsed and so stand
    in no frame; `marked` are faults of rows that do (a formula in a cell): both end as rejects.
    """

    frame: pl.DataFrame
    lines: pl.Series
    broken: tuple[Fault, ...] = ()
    marked: tuple[Fault, ...] = ()

    @property
    def first_line(self) -> int:
        """The first row's line; 0 where the chunk holds nothing."""
        lines = [fault.line for fault in self.broken]
        if len(self.lines):
            lines.append(int(self.lines[0]))
        return min(lines, default=0)

    @property
    def rows(self) -> int:
        """How many rows of the file stand in this chunk."""
        return self.frame.height + len(self.broken)


@dataclass
class Source(ABC):
    """An open file: its headers, then its chunks, once. Close it, or use it in a `with`."""

    kind: str
    headers: tuple[str, ...] = ()
    encoding: str | None = None
    sheet: str | None = None
    warnings: list[str] = field(default_factory=list)
    blank_lines: int = 0

    @abstractmethod
    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows; a `Refusal` may come in mid-file (a later line in another encoding)."""

    def close(self) -> None:  # noqa: B027 - most readers hold nothing open between chunks
        """Let go of temporary files and processes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def named(raw: list[str | None], *, where: str = "表头") -> tuple[str, ...]:
    """Turn a header row into unique column names; an unnamed column is named by its place."""
    if len(raw) > limits.MAX_COLUMNS:
        raise Refusal("too_many_columns", where=where, limit=limits.MAX_COLUMNS)
    names: list[str] = []
    for position, text in enumerate(raw, start=1):
        name = (text or "").strip() or f"（第{position}列，无列名）"
        if name in names:
            raise Refusal("duplicate_column", where=where, column=name[:80])
        names.append(name)
    if not any((text or "").strip() for text in raw):
        raise Refusal("no_header", where=where)
    return tuple(names)
