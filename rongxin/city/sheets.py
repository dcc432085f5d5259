"""Files as departments send them: CSV, JSON Lines, workbooks and Parquet, written row by row.

Each is marked as invented where its format has room: a second sheet, the metadata, and a 备注 in every row.
Bytes depend on the rows alone: no clock, no machine stands in any of them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Protocol

import polars as pl
import xlsxwriter
from polars.io.plugins import register_io_source

from rongxin.city.spelling import Cell
from rongxin.city.words import MARK, NOTICE


class Sheet(Protocol):
    """An open file: rows go in one after the other; `first_line` is the number its readers give the first."""

    first_line: int

    def write(self, row: Sequence[Cell]) -> None: ...

    def close(self) -> None: ...


class CsvSheet:
    first_line = 2

    def __init__(self, path: Path, headers: Sequence[str], encoding: str) -> None:
        self._file: IO[str] = path.open("w", encoding=encoding, newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n" if encoding == "gb18030" else "\n")
        self._writer.writerow(headers)

    def write(self, row: Sequence[Cell]) -> None:
        self._writer.writerow(["" if cell is None else cell for cell in row])

    def close(self) -> None:
        self._file.close()


class JsonSheet:
    first_line = 1

    def __init__(self, path: Path, headers: Sequence[str], encoding: str) -> None:
        self._headers = headers
        self._file: IO[str] = path.open("w", encoding=encoding, newline="\n")

    def write(self, row: Sequence[Cell]) -> None:
        cells = {
            header: str(cell) if isinstance(cell, date) else cell
            for header, cell in zip(self._headers, row, strict=True)
        }
        self._file.write(json.dumps(cells, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


class WorkbookSheet:
    """A workbook in constant memory; the second sheet says that all is invented."""

    first_line = 2

    def __init__(self, path: Path, headers: Sequence[str], encoding: str) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False})
        self._book.set_properties({"title": NOTICE, "comments": NOTICE, "created": datetime(2026, 1, 1)})  # noqa: DTZ001
        self._dates = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheet = self._book.add_worksheet("数据")
        notice = self._book.add_worksheet(MARK)
        notice.write_string(0, 0, NOTICE)
        self._row = 0
        self.write(headers)

    def write(self, row: Sequence[Cell]) -> None:
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                self._sheet.write_datetime(self._row, column, cell, self._dates)
            elif isinstance(cell, int | float):
                self._sheet.write_number(self._row, column, cell)
            elif cell is not None and cell.startswith("="):
                self._sheet.write_formula(self._row, column, cell, None, 2)
            elif cell is not None:
                self._sheet.write_string(self._row, column, cell)
        self._row += 1

    def close(self) -> None:
        self._book.close()


class ParquetSheet:
    """Rows wait in a CSV file of text, a line each, and are turned over at the end, some at a time.

    `scan_csv` would keep all of a long file in memory until it is written.
    """

    first_line = 1

    def __init__(self, path: Path, headers: Sequence[str], encoding: str) -> None:
        self._path, self._headers = path, list(headers)
        self._wait = path.with_suffix(".rows")
        self._rows = CsvSheet(self._wait, headers, "utf-8")
        self._whole = set(range(len(headers)))

    def write(self, row: Sequence[Cell]) -> None:
        self._rows.write(row)
        for column in tuple(self._whole):
            if not isinstance(row[column], int):
                self._whole.discard(column)

    def close(self) -> None:
        self._rows.close()
        schema = {
            header: pl.Int64() if column in self._whole else pl.String()
            for column, header in enumerate(self._headers)
        }

        def some(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
        ) -> Iterator[pl.DataFrame]:
            with self._wait.open("rb") as lines:
                header = lines.readline()
                while text := b"".join(islice(lines, 16_384)):
                    yield pl.read_csv(header + text, schema=schema, infer_schema=False)

        register_io_source(some, schema=schema).sink_parquet(
            self._path, row_group_size=65_536, metadata={"notice": NOTICE}, maintain_order=True
        )
        self._wait.unlink()


_FORMATS: Mapping[str, Callable[[Path, Sequence[str], str], Sheet]] = {
    "csv": CsvSheet,
    "jsonl": JsonSheet,
    "xlsx": WorkbookSheet,
    "parquet": ParquetSheet,
}


def create(path: Path, headers: Sequence[str], *, form: str, encoding: str) -> Sheet:
    """Open a new file of the form."""
    return _FORMATS[form](path, headers, encoding)
