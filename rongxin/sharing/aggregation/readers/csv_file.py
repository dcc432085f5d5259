"""CSV: a fast path for clean blocks, the exact parser for the others; both give the same rows.

polars alone would not do: it fills short rows with nulls in silence, stops the whole file at a long one or at
a stray quotation mark, and counts no lines. So each block is first measured (numpy: commas per record outside
quotation marks, marks only where they may stand), and only a block where every record has the header's width
is given to polars.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers import encoding
from rongxin.sharing.aggregation.readers.csv_exact import ExactParser, Records
from rongxin.sharing.aggregation.readers.refusals import Refusal
from rongxin.sharing.aggregation.readers.source import Chunk, Source, named

_NEWLINE, _QUOTE, _RETURN = 10, 34, 13
_Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
_Places = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class _Measured:
    """A clean block: where each record ends, its line, and which records are blank."""

    end: int
    lines: _Places
    blank: _Flags
    newlines: int
    longest: int


class CsvSource(Source):
    """A CSV or tab-separated file, in UTF-8 or GB18030."""

    def __init__(self, path: Path, *, fast: bool = True) -> None:
        super().__init__(kind="csv")
        self._fast = fast
        self._line = 1
        self._offset = 0  # bytes of the UTF-8 form handed out so far
        detected, skip = encoding.detect(path)
        self.encoding = detected
        self._skip = skip
        self._blocks = encoding.blocks(path, detected, skip)
        self._rest = b""
        self._ended = False
        self._read_header()
        self._exact = ExactParser(self._separator, len(self.headers))

    def _more(self) -> bool:
        block = next(self._blocks, None)
        if block is None:
            self._ended = True
            return False
        if b"\0" in block:
            line = self._line + self._rest.count(b"\n") + block.count(b"\n", 0, block.index(0))
            raise Refusal("nul_byte", where=f"第{line}行")
        self._rest += block
        return True

    def _advance(self, length: int, lines: int) -> None:
        self._rest = self._rest[length:]
        self._offset += length
        self._line += lines

    def _text(self, data: bytes) -> str:
        # Offsets into a transcoded file mean nothing to its sender, but there decoding cannot fail again.
        return encoding.checked(data, offset=self._skip + self._offset, line=self._line)

    # ------------------------------------------------------------------ header

    def _read_header(self) -> None:
        self._more()
        if not self._rest.strip():
            raise Refusal("empty_file")
        _check_shape(self._rest)
        while True:
            end = self._header_end()
            if end > 0 or self._ended:
                break
            if len(self._rest) > limits.MAX_RECORD_BYTES:
                raise Refusal("record_too_long", where=f"第{self._line}行")
            self._more()
        end = end if end > 0 else len(self._rest)
        text = self._text(self._rest[:end])
        self._separator = _separator(text)
        records = ExactParser(self._separator, 0).parse(text, line=self._line, final=True, only_first=True)
        if records.faults:
            raise Refusal("unclosed_quote", where=f"表头（第{records.faults[0].line}行）")
        if not records.rows:
            raise Refusal("no_header")
        self.headers = named(records.rows[0], where=f"第{records.lines[0]}行")
        length = len(text[: records.consumed].encode())
        self._advance(length, records.line - self._line)

    def _header_end(self) -> int:
        """Where the first record that is not blank ends: an even number of marks before the newline."""
        at = 0
        while (newline := self._rest.find(b"\n", at)) >= 0:
            line = self._rest[:newline]
            if line.strip() and line.count(b'"') % 2 == 0:
                return newline + 1
            at = newline + 1
        return -1

    # ------------------------------------------------------------------ rows

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows in blocks of bounded size."""
        rows = 0
        while True:
            if not self._ended and len(self._rest) < limits.BLOCK_BYTES // 2:
                self._more()
            if not self._rest:
                if self._ended:
                    return
                continue
            before = len(self._rest)
            chunk = self._next()
            if chunk is not None:
                rows += chunk.rows
                if rows > limits.MAX_ROWS:
                    raise Refusal("too_many_rows", where=f"第{self._line}行", limit=limits.MAX_ROWS)
                yield from _in_slices(chunk)
            elif len(self._rest) == before:
                self._grow()

    def _grow(self) -> None:
        """No record ended in what is read so far: read more, within limits."""
        if len(self._rest) > limits.MAX_RECORD_BYTES:
            raise Refusal("record_too_long", where=f"第{self._line}行")
        self._more()

    def _next(self) -> Chunk | None:
        if self._ended and not self._rest.endswith(b"\n"):
            self.warnings.append("文件末尾没有换行，最后一行可能不完整")
            self._rest += b"\n"
        measured = self._measure() if self._fast else None
        if measured is not None:
            chunk = self._parse_fast(measured)
            if chunk is not None:
                return chunk
        return self._parse_exact()

    def _measure(self) -> _Measured | None:
        """Find the records of a clean block; None where it is not clean (or holds no whole record)."""
        data = self._rest
        returns = data.count(b"\r")
        if returns and returns != data.count(b"\r\n"):
            return None
        octets = np.frombuffer(data, dtype=np.uint8)
        newlines = np.flatnonzero(octets == _NEWLINE)
        commas_at = octets == ord(self._separator)
        ends = newlines
        if b'"' in data:
            quotes = np.flatnonzero(octets == _QUOTE)
            inside = np.cumsum(octets == _QUOTE, dtype=np.uint8) & 1
            ends = newlines[inside[newlines] == 0]
            if not len(ends) or not _well_quoted(octets, quotes, int(ends[-1]) + 1, ord(self._separator)):
                return None
            commas_at &= inside == 0
        if not len(ends):
            return None
        return self._shaped(octets, newlines, ends, commas_at)

    def _shaped(
        self, octets: np.ndarray[tuple[int], np.dtype[np.uint8]], newlines: _Places, ends: _Places, at: _Flags
    ) -> _Measured | None:
        commas = np.searchsorted(np.flatnonzero(at), ends)
        counts = np.diff(commas, prepend=0)
        starts = np.concatenate(([0], ends[:-1] + 1))
        lengths = ends - starts
        lengths -= (octets[np.maximum(ends - 1, 0)] == _RETURN) & (lengths > 0)
        separators = len(self.headers) - 1
        empty = lengths == 0
        blank = empty | ((lengths == separators) & (counts == separators))
        if not bool(np.all((counts == separators) | empty)):
            return None
        lines = self._line + np.concatenate(([0], np.searchsorted(newlines, ends[:-1]) + 1))
        last = int(ends[-1])
        return _Measured(
            end=last + 1,
            lines=lines,
            blank=blank,
            newlines=int(np.searchsorted(newlines, last)) + 1,
            longest=int(lengths.max()),
        )

    def _parse_fast(self, measured: _Measured) -> Chunk | None:
        data = self._rest[: measured.end]
        schema = dict.fromkeys(self.headers, pl.String)
        try:
            frame = pl.read_csv(
                io.BytesIO(data),
                has_header=False,
                schema=schema,
                separator=self._separator,
            )
        except pl.exceptions.PolarsError:
            self._text(data)  # names the byte where it is the encoding
            return None
        if frame.height != len(measured.lines):
            return None
        lines = pl.Series("line", measured.lines, dtype=pl.Int64)
        if measured.blank.any():
            keep = pl.Series(~measured.blank)
            frame, lines = frame.filter(keep), lines.filter(keep)
            self.blank_lines += int(measured.blank.sum())
        if measured.longest > limits.MAX_RECORD_BYTES:
            return None  # the exact parser names the line
        if measured.longest > limits.MAX_FIELD_BYTES:
            _check_fields(frame, lines)
        self._advance(measured.end, measured.newlines)
        return Chunk(frame, lines)

    def _parse_exact(self) -> Chunk | None:
        cut = len(self._rest) if self._ended else self._rest.rfind(b"\n") + 1
        text = self._text(self._rest[:cut])
        records = self._exact.parse(text, line=self._line, final=self._ended)
        if not records.consumed:
            return None
        self.blank_lines += records.blank
        chunk = self._chunk_of(records)
        self._advance(len(text[: records.consumed].encode()), records.line - self._line)
        return chunk

    def _chunk_of(self, records: Records) -> Chunk:
        schema = dict.fromkeys(self.headers, pl.String)
        frame = pl.DataFrame(records.rows, schema=schema, orient="row")
        lines = pl.Series("line", records.lines, dtype=pl.Int64)
        _check_fields(frame, lines)
        return Chunk(frame, lines, broken=tuple(records.faults))


def _well_quoted(
    octets: np.ndarray[tuple[int], np.dtype[np.uint8]], quotes: _Places, end: int, separator: int
) -> bool:
    """Tell whether every mark before `end` opens a field at its start or closes it at its end."""
    quotes = quotes[quotes < end]
    opening, closing = quotes[0::2], quotes[1::2]
    before = octets[np.maximum(opening - 1, 0)]
    follows_mark = np.zeros(len(opening), dtype=np.bool_)
    follows_mark[1:] = opening[1:] - 1 == closing[: len(opening) - 1]
    good = (opening == 0) | (before == separator) | (before == _NEWLINE) | follows_mark
    after = octets[closing + 1]
    good_close = (after == separator) | (after == _NEWLINE) | (after == _RETURN) | (after == _QUOTE)
    return bool(good.all() and good_close.all())


def _in_slices(chunk: Chunk) -> Iterator[Chunk]:
    size = limits.CHUNK_ROWS
    if chunk.frame.height <= size:
        yield chunk
        return
    for at in range(0, chunk.frame.height, size):
        broken = chunk.broken if at == 0 else ()
        yield Chunk(chunk.frame.slice(at, size), chunk.lines.slice(at, size), broken=broken)


def _check_fields(frame: pl.DataFrame, lines: pl.Series) -> None:
    for column in frame:
        too_long = (column.str.len_bytes() > limits.MAX_FIELD_BYTES).arg_true()
        if len(too_long):
            line = lines[int(too_long[0])]
            raise Refusal("field_too_long", where=f"第{line}行，列“{column.name}”")


def _check_shape(data: bytes) -> None:
    """Refuse before the header is read what no header can be read from."""
    first_line = data.split(b"\n", 1)[0]
    if first_line.count(b",") >= limits.MAX_COLUMNS or first_line.count(b"\t") >= limits.MAX_COLUMNS:
        raise Refusal("too_many_columns", where="第1行", limit=limits.MAX_COLUMNS)
    if b"\n" not in data and b"\r" in data.rstrip(b"\r"):
        raise Refusal("line_ends", where="第1行")


def _separator(header: str) -> str:
    if "," in header:
        return ","
    if "\t" in header:
        return "\t"
    if ";" in header or "|" in header:
        raise Refusal("delimiter", where="第1行")
    return ","
