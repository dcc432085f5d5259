"""Unpack the first visible sheet of an .xlsx into Arrow files of text. Runs in the child process only."""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Final

import fastexcel
import polars as pl

from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers import archive, sheet_scan
from rongxin.sharing.aggregation.readers.refusals import Refusal

_RELATION_ID: Final = re.compile(r"\{[^}]*/relationships\}id")
_SHEETS: Final = "xl/worksheets/"
_MIDNIGHT: Final = " 00:00:00"


def unpack(path: Path, directory: Path) -> dict[str, object]:
    """Check the archive, then write rows (with their row numbers) and marks."""
    with archive.opened(path) as workbook:
        members = archive.Members(workbook)
        members.check(but=_SHEETS)  # a sheet is large: it is checked while it is searched
        name, part, others = _first_visible_sheet(workbook)
        if part not in workbook.namelist():
            raise Refusal("workbook_broken", where=f"缺少 {part[:80]}")
        marks = sheet_scan.faults(members.pieces(workbook.getinfo(part)))
        members.check()
    frame = _without_margins(_load(path, name))
    parts = _write(frame, directory)
    return {
        "sheet": name,
        "other_sheets": others,
        "parts": parts,
        "rows": frame.height,
        "marks": [(fault.line, fault.rule, fault.message) for row in sorted(marks) for fault in marks[row]],
    }


def _first_visible_sheet(workbook: zipfile.ZipFile) -> tuple[str, str, list[str]]:
    """Return its name, its part and the names of the sheets left unread."""
    if "xl/workbook.xml" not in workbook.namelist():
        raise Refusal("not_a_workbook", where="xl/workbook.xml")
    # No DTD stands in any part (checked before), so that nothing can be expanded or fetched.
    try:
        book = ET.fromstring(archive.content(workbook, "xl/workbook.xml"))  # noqa: S314
        relations = ET.fromstring(archive.content(workbook, "xl/_rels/workbook.xml.rels"))  # noqa: S314
    except ET.ParseError as error:
        raise Refusal("workbook_broken", where="xl/workbook.xml", detail=str(error)[:120]) from None
    targets = {relation.get("Id", ""): relation.get("Target", "") for relation in relations}
    for properties in book.findall("{*}workbookPr"):
        if properties.get("date1904", "0") in ("1", "true"):
            raise Refusal("date_1904", where="xl/workbook.xml")
    sheets = book.findall("{*}sheets/{*}sheet")
    visible = [sheet for sheet in sheets if sheet.get("state", "visible") == "visible"]
    if not visible:
        raise Refusal("no_sheet")
    first = visible[0]
    relation_id = next((value for key, value in first.attrib.items() if _RELATION_ID.fullmatch(key)), "")
    target = targets.get(relation_id, "")
    part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
    others = [sheet.get("name", "") for sheet in sheets if sheet is not first]
    return first.get("name", ""), part, others


def _load(path: Path, sheet: str) -> pl.DataFrame:
    try:
        loaded = fastexcel.read_excel(path).load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string")
        return loaded.to_polars()
    except fastexcel.FastExcelError as error:
        raise Refusal("workbook_broken", where=sheet, detail=str(error).splitlines()[0][:120]) from None


def _without_margins(frame: pl.DataFrame) -> pl.DataFrame:
    """Number the rows, drop the empty ones, cut the midnight off dates."""
    if frame.width > limits.MAX_COLUMNS:
        raise Refusal("too_many_columns", where=f"{frame.width} 列", limit=limits.MAX_COLUMNS)
    if frame.height > limits.MAX_WORKBOOK_ROWS + 1:
        raise Refusal("too_many_rows", where=f"{frame.height} 行", limit=limits.MAX_WORKBOOK_ROWS)
    frame = frame.rename({name: str(number) for number, name in enumerate(frame.columns)})
    text = pl.all()
    date = text.str.ends_with(_MIDNIGHT) & (text.str.len_bytes() == 19)
    frame = frame.with_columns(pl.when(date).then(text.str.head(10)).otherwise(text))
    return frame.with_row_index("row", offset=1).filter(~pl.all_horizontal(pl.exclude("row").is_null()))


def _write(frame: pl.DataFrame, directory: Path) -> int:
    parts = 0
    for number, part in enumerate(frame.iter_slices(limits.CHUNK_ROWS)):
        part.write_ipc(directory / f"{number:06d}.arrow", compression="uncompressed")
        parts += 1
    return parts
