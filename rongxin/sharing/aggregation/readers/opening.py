"""Choose the reader: by what the file holds first, by what it is called second."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rongxin.sharing.aggregation.readers.json_lines import JsonLinesSource
from rongxin.sharing.aggregation.readers.refusals import Refusal
from rongxin.sharing.aggregation.readers.source import Source
from rongxin.sharing.aggregation.readers.unpacked import ParquetSource, WorkbookSource

_NOT_TABLES: Final = {
    b"%PDF": "PDF",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"GIF8": "图片",
    b"{\\rtf": "RTF 文档",
    b"SQLite format 3": "SQLite 数据库",
    b"\x7fELF": "程序",
    b"MZ": "程序",
}
_COMPRESSED: Final = (b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_ZIP: Final = b"PK"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOM: Final = b"\xef\xbb\xbf"


def open_file(path: Path, *, declared_name: str | None = None) -> Source:
    """Open what a department sent; `declared_name` is what it was called there, where `path` is a copy of it.

    Raises `Refusal` for what is no table in UTF-8 or GB18030 text, .xlsx, JSON Lines or Parquet.
    """
    path = Path(path)
    name = declared_name or path.name
    if not path.is_file():
        raise Refusal("file_missing", where=name)
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.removeprefix(_BOM).strip():
        raise Refusal("empty_file", where=name)
    _check_is_table(head, name)
    suffix = Path(name).suffix.casefold()
    if head.startswith(_ZIP) or suffix in (".xlsx", ".xlsm"):
        if not head.startswith(_ZIP):
            raise Refusal("not_a_workbook", where=name)
        if suffix == ".zip":
            raise Refusal("compressed", where=name)
        return WorkbookSource(path, name=name)
    if head.startswith(b"PAR1") or suffix == ".parquet":
        return ParquetSource(path, name=name)
    first = head.removeprefix(_BOM).lstrip()[:1]
    if first == b"{" or (suffix in (".jsonl", ".ndjson", ".json") and first == b"["):
        return JsonLinesSource(path)
    # Only here: the child process, which reads no CSV, would spend a tenth of a second on numpy.
    from rongxin.sharing.aggregation.readers.csv_file import CsvSource  # noqa: PLC0415

    return CsvSource(path)


def _check_is_table(head: bytes, name: str) -> None:
    for mark, kind in _NOT_TABLES.items():
        if head.startswith(mark):
            raise Refusal("not_a_table", where=name, looks_like=kind)
    if head.startswith(_COMPRESSED):
        raise Refusal("compressed", where=name)
    if head.startswith(_OLE):
        raise Refusal("old_workbook", where=name)
    start = head.removeprefix(_BOM).lstrip()[:9].lower()
    if start.startswith((b"<html", b"<!doctype", b"<?xml", b"<table")):
        raise Refusal("not_a_table", where=name, looks_like="网页或 XML")
