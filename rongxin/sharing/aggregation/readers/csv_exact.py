"""The slow, exact reader of CSV records (RFC 4180), for blocks that are not clean.

A quotation mark has a meaning only at a field's start. A record with a quotation mark anywhere else, with
text after a closing mark or with a bare carriage return is a fault of that record; reading goes on after the
line end that follows. A mark that is never closed makes every later row doubtful: the file is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers.refusals import Refusal
from rongxin.sharing.aggregation.readers.source import Fault

QUOTES = "quotes"
LINE_BREAK = "line_break"
COLUMNS = "columns"


@dataclass(slots=True)
class Records:
    """What a block holds: rows with their lines, faults, and how far it was read (in characters)."""

    rows: list[list[str | None]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    blank: int = 0
    consumed: int = 0
    line: int = 1


class ExactParser:
    """Parse records of `width` fields (0 = whatever the first record has) separated by `separator`."""

    def __init__(self, separator: str, width: int) -> None:
        self._separator = separator
        self._width = width
        plain = rf'[^"\r\n{re.escape(separator)}]*'
        self._field = re.compile(rf'(?:"((?:[^"]|"")*+)"|({plain}+))({re.escape(separator)}|\r?\n|\Z)')
        self._quoted = re.compile(r'"(?:[^"]|"")*+"')

    def parse(self, text: str, *, line: int, final: bool, only_first: bool = False) -> Records:
        """Parse `text`, which starts at a record's start on `line`; stop where a record is incomplete."""
        records = Records(line=line)
        while records.consumed < len(text):
            if not self._one(text, records, final=final):
                break
            if only_first and (records.rows or records.faults):
                break
        return records

    def _one(self, text: str, records: Records, *, final: bool) -> bool:
        """Parse one record; False where the block ends inside it."""
        start = at = records.consumed
        cells: list[str | None] = []
        while True:
            match = self._field.match(text, at)
            if match is None:
                return self._faulty(text, start, at, records, final=final)
            quoted, plain, end = match.groups()
            if not end and not final:
                return False
            cells.append(quoted.replace('""', '"') if quoted is not None else (plain or None))
            at = match.end()
            if end != self._separator:
                break
        self._keep(text[start:at], cells, records)
        records.consumed = at
        records.line += text.count("\n", start, at)
        return True

    def _keep(self, raw: str, cells: list[str | None], records: Records) -> None:
        _check_length(raw, records.line)
        if len(cells) == 1 and cells[0] is None and '"' not in raw:
            records.blank += 1
        elif self._width and len(cells) != self._width:
            message = f"有 {len(cells)} 列，表头有 {self._width} 列"
            records.faults.append(Fault(records.line, COLUMNS, message, clipped(raw)))
        elif all(cell is None for cell in cells) and '"' not in raw:
            records.blank += 1
        else:
            records.rows.append(cells)
            records.lines.append(records.line)

    def _faulty(self, text: str, start: int, at: int, records: Records, *, final: bool) -> bool:
        """Set a record aside that breaks the rules at `at`, up to the next line end."""
        broken_at = at
        if text.startswith('"', at):
            closed = self._quoted.match(text, at)
            if closed is None:
                return self._unclosed(text, at, records, final=final)
            broken_at = closed.end()
        end = text.find("\n", broken_at)
        if end < 0 and not final:
            return False
        end = len(text) if end < 0 else end + 1
        raw = text[start:end]
        _check_length(raw, records.line)
        if self._bare_return(text, broken_at):
            rule, message = LINE_BREAK, "单元格里有单独的回车符（CR）"
        else:
            rule, message = QUOTES, "引号位置不对：引号只能包住整个单元格，其中的引号须写成两个"
        breaks = raw.rstrip("\r\n").count("\n")
        if breaks:
            message += f"（涉及第{records.line}至{records.line + breaks}行）"
        records.faults.append(Fault(records.line, rule, message, clipped(raw)))
        records.consumed = end
        records.line += raw.count("\n")
        return True

    def _bare_return(self, text: str, at: int) -> bool:
        found = re.compile(r'[\r\n"]').search(text, at)
        return found is not None and found.group() == "\r"

    def _unclosed(self, text: str, at: int, records: Records, *, final: bool) -> bool:
        line = records.line + text.count("\n", records.consumed, at)
        if final:
            raise Refusal("unclosed_quote", where=f"第{line}行")
        if len(text) - at > limits.MAX_FIELD_BYTES:
            raise Refusal("unclosed_quote", where=f"第{line}行起超过 64 kB")
        return False


def _check_length(raw: str, line: int) -> None:
    if len(raw) > limits.MAX_RECORD_BYTES:
        raise Refusal("record_too_long", where=f"第{line}行")


def clipped(raw: str) -> str:
    """A row's text as kept with its reject, shortened where it is endless."""
    raw = raw.rstrip("\r\n")
    if len(raw) <= limits.RAW_TEXT_CHARACTERS:
        return raw
    return f"{raw[: limits.RAW_TEXT_CHARACTERS]}…（共 {len(raw)} 字）"
