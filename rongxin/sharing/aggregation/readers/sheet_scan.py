"""Find in a sheet's XML what the table parser does not tell: formulas, errors, digits lost, merged cells.

The parser gives a formula's cached result as if it were data, an error cell as empty, a number of more than
15 digits already rounded, and a merged range as one filled cell and empty ones. Each is marked with its cell,
so that its row becomes a reject; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers.refusals import Refusal
from rongxin.sharing.aggregation.readers.source import Fault

FORMULA: Final = "formula"
CELL_ERROR: Final = "cell_error"
DIGITS_LOST: Final = "digits_lost"
MERGED: Final = "merged_cell"

_CELL: Final = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_RANGE: Final = re.compile(rb"ref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
_MANY_DIGITS: Final = rb"-?(?:\d{16}|[\d.]+[eE]\+?(?:1[5-9]|[2-9]\d|\d{3}))"
_PREFIX: Final = re.compile(rb"xmlns:(\w+)\s*=")

# The last column that a sheet can have is XFD.
_SHEET_COLUMNS: Final = 16_384

_MESSAGES: Final = {
    FORMULA: "单元格 {cell} 是公式，请改为数值",
    CELL_ERROR: "单元格 {cell} 是错误值（如 #N/A）",
    DIGITS_LOST: "单元格 {cell} 的数字超过 15 位，表格软件已改动其末位，请把该列设为文本后重新填写",
    MERGED: "单元格 {cell} 是合并单元格，请取消合并并逐行填写",
}


class _Mark(NamedTuple):
    rule: str
    column: str
    row: int
    last_row: int


class _Signs(NamedTuple):
    """What to search for where `only_with`, if there is one, occurs at all."""

    only_with: re.Pattern[bytes] | None
    patterns: tuple[tuple[str, re.Pattern[bytes]], ...]


def faults(pieces: Iterable[bytes]) -> dict[int, list[Fault]]:
    """Return the faults by row number (1 = the sheet's first)."""
    found: dict[int, list[Fault]] = {}
    count = 0
    for mark in _marks(pieces):
        message = _MESSAGES[mark.rule].format(cell=f"{mark.column}{mark.row}")
        for row in range(mark.row, mark.last_row + 1):
            count += 1
            if count > limits.MAX_MARKED_CELLS:
                raise Refusal("marked_cells", where=f"第{row}行", limit=limits.MAX_MARKED_CELLS)
            found.setdefault(row, []).append(Fault(row, mark.rule, message))
    return found


def _marks(pieces: Iterable[bytes]) -> Iterator[_Mark]:
    """Search whole rows only: a piece is cut behind its last row, the rest waits for the next piece."""
    signs: list[_Signs] = []
    starts: list[bytes] = []
    rest = b""
    for piece in pieces:
        if not signs:
            prefixes = [b"", *(match.group(1) + b":" for match in _PREFIX.finditer(piece[:8192]))]
            signs, starts = _patterns(prefixes), [b"<" + prefix + b"c " for prefix in prefixes]
        data = rest + piece
        cut = data.rfind(b"row>") + 4
        if cut < 4:
            # Before the table parser takes a minute of CPU over it.
            if _cells(data, starts) > _SHEET_COLUMNS:
                raise Refusal("too_many_columns", where="工作表", limit=limits.MAX_COLUMNS)
            if len(data) > 16 * limits.MIB:
                raise Refusal("record_too_long", where="工作表")
            rest = data
            continue
        yield from _search(data[:cut], signs, starts)
        rest = data[cut:]
    yield from _search(rest, signs, starts)


def _cells(data: bytes, starts: list[bytes]) -> int:
    """How many cells begin in a row that has not ended yet, with attributes or without."""
    return sum(data.count(start) + data.count(start[:-1] + b">") for start in starts)


def _patterns(prefixes: list[bytes]) -> list[_Signs]:
    """One pattern per sign, each with a literal beginning: three times faster than one alternation of all.

    Of a name space that no tag is in (a sheet always has `r:`) only that is found out.
    """
    signs = [_Signs(None, ((CELL_ERROR, re.compile(rb' t="e"')), (CELL_ERROR, re.compile(rb" t='e'"))))]
    for prefix in prefixes:
        tag = re.escape(b"<" + prefix)
        patterns = (
            (FORMULA, re.compile(tag + rb"f[\s/>]")),
            (DIGITS_LOST, re.compile(tag + rb"v[^>]{0,30}>" + _MANY_DIGITS)),
            (MERGED, re.compile(tag + rb"mergeCell\s[^>]*>")),
        )
        signs.append(_Signs(re.compile(tag) if prefix else None, patterns))
    return signs


def _search(data: bytes, signs: list[_Signs], starts: list[bytes]) -> Iterator[_Mark]:
    for only_with, patterns in signs:
        if only_with is not None and only_with.search(data) is None:
            continue
        for rule, pattern in patterns:
            for match in pattern.finditer(data):
                if rule != MERGED:
                    yield _cell_of(rule, data, match.start(), starts)
                elif merged := _RANGE.search(match.group()):
                    column, row, _, last = merged.groups()
                    yield _Mark(rule, column.decode(), int(row), min(int(last), limits.MAX_WORKBOOK_ROWS))


def _cell_of(rule: str, data: bytes, at: int, starts: list[bytes]) -> _Mark:
    """The cell that the sign at `at` stands in: the last one that begins before it."""
    start = max(data.rfind(mark, 0, at) for mark in starts)
    cell = _CELL.match(data, start) if start >= 0 else None
    if cell is None:
        raise Refusal("workbook_broken", where="工作表：有公式或错误值的单元格没有坐标")
    row = int(cell.group(2))
    return _Mark(rule, cell.group(1).decode(), row, row)
