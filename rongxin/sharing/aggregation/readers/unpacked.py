"""Workbooks and Parquet files, as the parent process reads them: unpacked by a child under limits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings

from rongxin.scratch import folders
from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers import sheet_scan
from rongxin.sharing.aggregation.readers.csv_exact import COLUMNS
from rongxin.sharing.aggregation.readers.refusals import WORDINGS, Refusal
from rongxin.sharing.aggregation.readers.source import Chunk, Fault, Source, named

_CHILD = "rongxin.sharing.aggregation.readers.child"


class _UnpackedSource(Source):
    """Hold the directory of parts the child wrote; closing removes it."""

    def __init__(self, path: Path, kind: str, name: str) -> None:
        super().__init__(kind=kind)
        self._held = ExitStack()
        self._directory = self._held.enter_context(folders.own(Path(settings.RONGXIN_VAR), "intake"))
        try:
            self._result = _unpack(path, kind, self._directory, name)
            self._read_result()
        except BaseException:
            self._held.close()
            raise

    def _read_result(self) -> None:
        raise NotImplementedError

    def _parts(self) -> Iterator[pl.DataFrame]:
        for number in range(int(self._result["parts"])):
            part = self._directory / f"{number:06d}.arrow"
            yield pl.read_ipc(part)
            part.unlink()

    def close(self) -> None:
        """Remove the parts."""
        self._held.close()


class WorkbookSource(_UnpackedSource):
    """The first visible sheet of an .xlsx; its first filled row is the header."""

    def __init__(self, path: Path, *, name: str) -> None:
        super().__init__(path, "xlsx", name)

    def _read_result(self) -> None:
        self.sheet = str(self._result["sheet"])
        others = [str(name) for name in self._result["other_sheets"]]
        if others:
            self.warnings.append(f"只读取工作表“{self.sheet}”，未读取：{'、'.join(others)}")
        if not self._result["rows"]:
            raise Refusal("empty_file", where=f"工作表“{self.sheet}”")
        self._marks: dict[int, list[Fault]] = {}
        for line, rule, message in self._result["marks"]:
            self._marks.setdefault(line, []).append(Fault(line, rule, message))
        first = pl.read_ipc(self._directory / "000000.arrow", n_rows=1)
        self._header_row, *header = first.row(0)
        if faults := self._marks.pop(self._header_row, []):
            # A merged or computed header would name columns by guess.
            self.warnings.append("表头：" + "；".join(fault.message for fault in faults))
        while header and header[-1] is None:
            header.pop()
        self.headers = named(header, where=f"第{self._header_row}行")

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows below the header."""
        width, previous = len(self.headers), self._header_row
        for part in self._parts():
            rows = part.filter(pl.col("row") > self._header_row)
            if not rows.height:
                continue
            lines = rows["row"].cast(pl.Int64).alias("line")
            frame = rows.select(pl.nth(range(1, width + 1)))
            frame.columns = list(self.headers)
            marked, broken = self._marks_until(int(lines[-1]), lines)
            marked += _beyond(rows, lines, width)
            self.blank_lines += (
                int(lines[-1]) - previous - rows.height - len({fault.line for fault in broken})
            )
            previous = int(lines[-1])
            yield Chunk(frame, lines, broken=tuple(broken), marked=tuple(marked))
        _, broken = self._marks_until(limits.MAX_WORKBOOK_ROWS * 10, pl.Series("line", [], dtype=pl.Int64))
        if broken:
            empty = pl.DataFrame(schema=dict.fromkeys(self.headers, pl.String))
            yield Chunk(empty, pl.Series("line", [], dtype=pl.Int64), broken=tuple(broken))

    def _marks_until(self, last: int, lines: pl.Series) -> tuple[list[Fault], list[Fault]]:
        """Take the marks of rows up to `last`: of rows that are present, and of rows that hold nothing else.

        A row whose only cell is an error or a formula never calculated is empty to the table parser; it is a
        row all the same. An empty row inside a merged range is none.
        """
        rows = sorted(row for row in self._marks if row <= last)
        present = set(lines.to_list()) if rows else set()
        marked: list[Fault] = []
        broken: list[Fault] = []
        for row in rows:
            faults = self._marks.pop(row)
            if row in present:
                marked += faults
            elif telling := [fault for fault in faults if fault.rule != sheet_scan.MERGED]:
                message = "；".join(fault.message for fault in telling)
                broken.append(Fault(row, telling[0].rule, message, text=""))
        return marked, broken


def _beyond(rows: pl.DataFrame, lines: pl.Series, width: int) -> list[Fault]:
    """Data to the right of the header's last column belong to no column: a fault, not a loss."""
    if rows.width <= width + 1:
        return []
    filled = rows.select(pl.any_horizontal(pl.nth(range(width + 1, rows.width)).is_not_null())).to_series()
    return [Fault(line, COLUMNS, f"表头只有 {width} 列，其右侧还有数据") for line in lines.filter(filled)]


class ParquetSource(_UnpackedSource):
    """A Parquet file of flat columns; its "lines" count records from 1."""

    def __init__(self, path: Path, *, name: str) -> None:
        super().__init__(path, "parquet", name)

    def _read_result(self) -> None:
        self.headers = named([str(name) for name in self._result["headers"]], where="列名")

    def chunks(self) -> Iterator[Chunk]:
        """Yield the records; one whose cells are all null is blank."""
        at = 0
        for part in self._parts():
            part.columns = list(self.headers)
            lines = pl.Series("line", range(at + 1, at + 1 + part.height), dtype=pl.Int64)
            at += part.height
            filled = part.select(~pl.all_horizontal(pl.all().is_null())).to_series()
            self.blank_lines += part.height - int(filled.sum())
            yield Chunk(part.filter(filled), lines.filter(filled))


def _unpack(path: Path, kind: str, directory: Path, name: str) -> dict[str, Any]:
    """Let the child unpack. What it says of the whole file it says of `name`: `path` may be our copy."""
    command = [sys.executable, "-X", "utf8", "-m", _CHILD, kind, str(path.resolve()), str(directory)]
    try:
        # The command is ours: this interpreter, this module; the file's name is an argument, never parsed.
        done = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            timeout=limits.CHILD_WALL_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise Refusal("too_slow", where=name) from None
    answer = directory / "result.json"
    if not answer.exists():
        raise _of_death(done.returncode, done.stderr.decode(errors="replace"), kind, name)
    result: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if code := result.get("refused"):
        assert code in WORDINGS
        raise Refusal(code, where=result["where"] or name, **result["values"])
    return result


def _of_death(status: int, stderr: str, kind: str, name: str) -> Refusal:
    """Say why the child died: time, memory, or a file its parser cannot stomach."""
    if -status in (24, 9):  # SIGXCPU, then SIGKILL at the hard limit
        return Refusal("too_slow", where=name)
    signs = ("memory allocation", "MemoryError", "Cannot allocate memory", "capacity overflow", "bad_alloc")
    if any(sign in stderr for sign in signs) or -status in (6, 11, 25):
        return Refusal("too_large", where=name)
    last = stderr.strip().splitlines()[-1:] or [f"exit {status}"]
    code = "parquet_broken" if kind == "parquet" else "workbook_broken"
    return Refusal(code, where=name, detail=last[0][:120])
