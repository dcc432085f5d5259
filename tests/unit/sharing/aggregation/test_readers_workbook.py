"""Workbooks: what people see in the sheet arrives as text; what cannot be vouched for is marked by cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl
import xlsxwriter

from rongxin.sharing.aggregation import readers
from rongxin.sharing.aggregation.readers import sheet_scan


def workbook(path: Path, fill: Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], None]) -> Path:
    """Write a workbook whose first sheet `fill` fills."""
    book = xlsxwriter.Workbook(path)
    fill(book, book.add_worksheet("数据"))
    book.close()
    return path


def read(path: Path) -> tuple[list[tuple[int, dict[str, str | None]]], list[readers.Fault], readers.Source]:
    with readers.open_file(path) as source:
        rows: list[tuple[int, dict[str, str | None]]] = []
        marks: list[readers.Fault] = []
        for chunk in source.chunks():
            rows += zip(chunk.lines.to_list(), chunk.frame.to_dicts(), strict=True)
            marks += (*chunk.marked, *chunk.broken)
    return rows, marks, source


def test_dates_and_serials_and_numbers_arrive_as_text(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        day = book.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
        sheet.write_row(0, 0, ["日期", "序列号", "金额", "文本", "是否"])
        sheet.write_datetime(1, 0, dt.datetime(2026, 3, 1), day)  # noqa: DTZ001 - a sheet knows no zone
        sheet.write_row(1, 1, [46082, 1234.56, "00123", True])

    rows, marks, _ = read(workbook(tmp_path / "a.xlsx", fill))
    assert rows == [
        (2, {"日期": "2026-03-01", "序列号": "46082", "金额": "1234.56", "文本": "00123", "是否": "true"})
    ]
    assert not marks


def test_signs_are_found_in_tags_of_another_name_space() -> None:
    """Some programs write <x:f> where others write <f>; nearly all declare `r:` and use it in no cell."""
    head = b'<x:worksheet xmlns:x="main" xmlns:r="relations"><x:sheetData>'
    rows = b'<x:row r="1"><x:c r="A1"><x:f>1+1</x:f></x:c></x:row>'
    rows += b'<x:row r="2"><x:c r="B2"><x:v>12345678901234567</x:v></x:c></x:row>'
    found = sheet_scan.faults([head, rows, b'</x:sheetData><x:mergeCell ref="A3:B4"/></x:worksheet>'])
    rules = {row: [fault.rule for fault in faults] for row, faults in found.items()}
    assert rules == {1: ["formula"], 2: ["digits_lost"], 3: ["merged_cell"], 4: ["merged_cell"]}


def test_row_numbers_are_those_of_the_sheet(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        for row, text in ((2, "表头"), (4, "甲"), (7, "乙")):
            sheet.write(row, 1, text)

    rows, _, source = read(workbook(tmp_path / "a.xlsx", fill))
    assert rows == [(5, {"表头": "甲"}), (8, {"表头": "乙"})]
    assert source.blank_lines == 3


def test_it_marks_what_the_table_parser_does_not_tell(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, ["好", "好"])
        sheet.write_formula(2, 1, "=SUM(A1:A9)", None, 7)
        sheet.write_formula(3, 0, "=1/0", None, "#DIV/0!")
        sheet.write(4, 0, 911100001000039620)
        sheet.merge_range(5, 0, 6, 0, "合并")
        sheet.write_column(5, 1, ["x", "y"])

    rows, marks, _ = read(workbook(tmp_path / "a.xlsx", fill))
    assert [line for line, _ in rows] == [2, 3, 5, 6, 7]  # row 4 holds an error and nothing else
    found = {(mark.line, mark.rule) for mark in marks}
    assert found == {
        (3, "formula"),
        (4, "cell_error"),
        (5, "digits_lost"),
        (6, "merged_cell"),
        (7, "merged_cell"),
    }
    assert "B3" in next(mark.message for mark in marks if mark.line == 3)


def test_the_first_visible_sheet_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    hidden, data, more = (book.add_worksheet(name) for name in ("旧数据", "本期", "说明"))
    hidden.hide()
    data.activate()
    data.set_first_sheet()
    hidden.write(0, 0, "不应读取")
    data.write_column(0, 0, ["名称", "甲"])
    more.write(0, 0, "备注")
    book.close()
    rows, _, source = read(tmp_path / "a.xlsx")
    assert rows == [(2, {"名称": "甲"})]
    assert source.sheet == "本期"
    assert "旧数据" in source.warnings[0]
    assert "说明" in source.warnings[0]


def test_data_right_of_the_header_is_a_fault_not_a_loss(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, ["1", "2", "3"])

    _, marks, _ = read(workbook(tmp_path / "a.xlsx", fill))
    assert [(mark.line, mark.rule) for mark in marks] == [(2, "columns")]


def test_a_workbook_is_known_by_its_content_not_its_name(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_column(0, 0, ["名称", "甲"])

    path = workbook(tmp_path / "a.xlsx", fill).rename(tmp_path / "upload.csv")
    assert read(path)[0] == [(2, {"名称": "甲"})]


def test_parquet_keeps_digits_and_dates(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "名称": ["甲", None, "乙"],
            "金额": pl.Series(["12345678901234.50", None, "0.10"]).cast(pl.Decimal(20, 2)),
            "日期": [dt.date(2026, 3, 1), None, None],
            "时间": [dt.datetime(2026, 3, 1, 0, 0), None, None],  # noqa: DTZ001
            "是否": [True, None, False],
            "标签": [["a", "b"], None, []],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    rows, _, source = read(tmp_path / "a.parquet")
    assert rows[0] == (
        1,
        {
            "名称": "甲",
            "金额": "12345678901234.50",
            "日期": "2026-03-01",
            "时间": "2026-03-01",
            "是否": "true",
            "标签": "a；b",
        },
    )
    assert rows[1][0] == 3
    assert source.blank_lines == 1
