"""JSON Lines: one object a line. Numbers are kept as they are written: no amount is rounded on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers import encoding
from rongxin.sharing.aggregation.readers.csv_exact import clipped
from rongxin.sharing.aggregation.readers.refusals import Refusal
from rongxin.sharing.aggregation.readers.source import Chunk, Fault, Source, named

JSON = "json"
NESTED = "nested"
# Joins the members of a list; a member that holds it itself is refused as nested.
LIST_SEPARATOR = "；"


class JsonLinesSource(Source):
    """A JSON Lines file. It is read twice: once for the keys, since any line may bring a new one."""

    def __init__(self, path: Path) -> None:
        super().__init__(kind="jsonl")
        self._path = path
        self._unended = 0  # the last line, where no newline ends it
        self.encoding, self._skip = encoding.detect(path)
        self.headers = self._keys()

    def _keys(self) -> tuple[str, ...]:
        keys: dict[str, None] = {}
        first, bad = 0, ""
        for line, text in self._lines():
            first = first or line
            if line == first and text.startswith("["):
                raise Refusal("json_array", where=f"第{line}行")
            try:
                keys.update(dict.fromkeys(_object(text)))
            except _BadObject as error:
                bad = bad or error.message
                continue  # reported with its line when the rows are read
            if len(keys) > limits.MAX_COLUMNS:
                raise Refusal("too_many_columns", where=f"第{line}行", limit=limits.MAX_COLUMNS)
        if not first:
            raise Refusal("empty_file")
        if not keys and bad:
            raise Refusal("json_invalid", where=f"第{first}行", detail=bad)
        if not keys:
            raise Refusal("no_header", where=f"第{first}行")
        return named(list(keys), where="键名")

    def _lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line that is not blank, with its number."""
        line, offset, rest = 1, self._skip, b""
        blocks = encoding.blocks(self._path, self.encoding or encoding.UTF_8, self._skip)
        for block in blocks:
            rest += block
            cut = rest.rfind(b"\n") + 1
            if not cut and len(rest) > limits.MAX_RECORD_BYTES:
                raise Refusal("record_too_long", where=f"第{line}行")
            text = encoding.checked(rest[:cut], offset=offset, line=line)
            yield from _split(text, line)
            line += text.count("\n")
            offset, rest = offset + cut, rest[cut:]
        if rest.strip():
            self._unended = line
            yield from _split(encoding.checked(_whole(rest), offset=offset, line=line), line)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows, `CHUNK_ROWS` at a time."""
        rows: list[list[str | None]] = []
        lines: list[int] = []
        faults: list[Fault] = []
        for total, (line, text) in enumerate(self._lines(), start=1):
            if total > limits.MAX_ROWS:
                raise Refusal("too_many_rows", where=f"第{line}行", limit=limits.MAX_ROWS)
            try:
                rows.append(self._row(_object(text), line))
                lines.append(line)
            except _BadObject as error:
                message = error.message
                if line == self._unended:
                    message += "；文件末尾没有换行，文件可能被截断"
                    self.warnings.append("最后一行不完整，文件可能被截断；其前各行已照常读取")
                faults.append(Fault(line, error.rule, message, clipped(text)))
            if len(rows) + len(faults) >= limits.CHUNK_ROWS:
                yield self._chunk(rows, lines, faults)
                rows, lines, faults = [], [], []
        if rows or faults:
            yield self._chunk(rows, lines, faults)

    def _row(self, values: dict[str, Any], line: int) -> list[str | None]:
        stripped = {key.strip(): value for key, value in values.items()}
        if len(stripped) != len(values):
            raise _BadObject(JSON, "同一个键出现多次")
        row = [_text(stripped.get(header)) for header in self.headers]
        for header, text in zip(self.headers, row, strict=True):
            if text is not None and _too_long(text):
                raise Refusal("field_too_long", where=f"第{line}行，“{header}”")
        return row

    def _chunk(self, rows: list[list[str | None]], lines: list[int], faults: list[Fault]) -> Chunk:
        frame = pl.DataFrame(rows, schema=dict.fromkeys(self.headers, pl.String), orient="row")
        return Chunk(frame, pl.Series("line", lines, dtype=pl.Int64), broken=tuple(faults))


class _BadObject(ValueError):
    """The line is no flat JSON object."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


def _split(text: str, line: int) -> Iterator[tuple[int, str]]:
    for number, piece in enumerate(text.split("\n"), start=line):
        if len(piece) > limits.MAX_RECORD_BYTES:
            raise Refusal("record_too_long", where=f"第{number}行")
        if stripped := piece.strip(" \t\r"):
            yield number, stripped


def _whole(line: bytes) -> bytes:
    """Mark a character that the file's end cuts, so that its line alone is faulty and not the whole file."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        if error.end == len(line) and error.reason == "unexpected end of data":
            return line[: error.start] + "\ufffd".encode()
    return line


def _too_long(text: str) -> bool:
    return len(text) * 4 > limits.MAX_FIELD_BYTES and len(text.encode()) > limits.MAX_FIELD_BYTES


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise _BadObject(JSON, "同一个键出现多次")
    return values


def _no_constant(name: str) -> Any:
    raise _BadObject(JSON, f"{name} 不是 JSON 数字")


# Numbers stay text; a lone surrogate is caught when the text is encoded.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=_no_constant
)


def _object(text: str) -> dict[str, Any]:
    if "\0" in text:
        raise _BadObject(JSON, "含有空字节（NUL）")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _BadObject(JSON, f"不是有效的 JSON（第 {error.pos + 1} 个字符）") from None
    except RecursionError:
        raise _BadObject(NESTED, "嵌套过深") from None
    if not isinstance(value, dict):
        raise _BadObject(JSON, "不是 JSON 对象")
    if "\\u" in text:
        for key in value:
            _text(key)
    return value


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        members = [_text(member) for member in value]
        if any(member is None or LIST_SEPARATOR in member for member in members):
            raise _BadObject(NESTED, "列表只能含有文本，且不能含分号（；）")
        if any(isinstance(member, list) for member in value):
            raise _BadObject(NESTED, "列表里不能再有列表")
        return LIST_SEPARATOR.join(member for member in members if member is not None)
    if isinstance(value, dict):
        raise _BadObject(NESTED, "值是嵌套对象，请展开为普通键")
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _BadObject(JSON, "含有残缺的 Unicode 字符") from None
    return text
