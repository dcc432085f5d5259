"""CSV as departments send it: every row arrives or is named, on its own line, and both paths agree."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.sharing.aggregation import limits, readers
from rongxin.sharing.aggregation.readers.csv_file import CsvSource

Rows = list[tuple[int, tuple[str | None, ...]]]


def read(path: Path, *, fast: bool = True) -> tuple[Rows, list[readers.Fault], CsvSource]:
    """Read it whole: rows with their lines, faults, and the source for what it says of itself."""
    source = CsvSource(path, fast=fast)
    rows: Rows = []
    faults: list[readers.Fault] = []
    for chunk in source.chunks():
        rows += zip(chunk.lines.to_list(), chunk.frame.iter_rows(), strict=True)
        faults += chunk.broken
    return rows, faults, source


@pytest.fixture
def written(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(content: bytes | str, name: str = "file.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_it_reads_both_encodings_and_both_line_ends(written, encoding: str, line_end: str) -> None:  # type: ignore[no-untyped-def]
    text = line_end.join(["企业名称,金额", "云州甲公司,1", "䶮公司,2", ""])
    rows, faults, source = read(written(text.encode(encoding)))
    assert rows == [(2, ("云州甲公司", "1")), (3, ("䶮公司", "2"))]
    assert not faults
    assert source.headers == ("企业名称", "金额")


def test_it_reads_gb18030_with_a_mark(written) -> None:  # type: ignore[no-untyped-def]
    rows, _, source = read(written("\ufeff名称,a\n甲,1\n".encode("gb18030")))
    assert source.headers == ("名称", "a")
    assert rows == [(2, ("甲", "1"))]


def test_a_quoted_line_break_keeps_later_line_numbers_true(written) -> None:  # type: ignore[no-untyped-def]
    rows, _, _ = read(written('a,b\n1,"x\ny\nz"\n2,"say ""hi"""\n'))
    assert rows == [(2, ("1", "x\ny\nz")), (5, ("2", 'say "hi"'))]


def test_blank_lines_are_skipped_and_counted(written) -> None:  # type: ignore[no-untyped-def]
    rows, faults, source = read(written("\n\na,b\n\n1,2\n,\n\r\n3,4"))
    assert rows == [(5, ("1", "2")), (8, ("3", "4"))]
    assert not faults
    assert source.blank_lines == 3
    assert source.warnings  # the last line has no end: it may have been cut


def test_a_row_too_long_or_too_short_is_named_and_shifts_nothing(written) -> None:  # type: ignore[no-untyped-def]
    rows, faults, _ = read(written("a,b\n1,2\n3\n4,5,6\n7,8\n"))
    assert rows == [(2, ("1", "2")), (5, ("7", "8"))]
    assert [(fault.line, fault.rule, fault.text) for fault in faults] == [
        (3, "columns", "3"),
        (4, "columns", "4,5,6"),
    ]


@pytest.mark.parametrize(
    ("row", "rule"),
    [('1,x"y', "quotes"), ('"1"x,2', "quotes"), ('1, "q"', "quotes"), ("1,2\r3", "line_break")],
)
def test_a_misplaced_mark_is_a_fault_of_its_row_only(written, row: str, rule: str) -> None:  # type: ignore[no-untyped-def]
    rows, faults, _ = read(written(f'a,b\n0,0\n{row}\n8,"9"\n'))
    assert rows == [(2, ("0", "0")), (4, ("8", "9"))]
    assert [(fault.line, fault.rule) for fault in faults] == [(3, rule)]


def test_a_mark_never_closed_refuses_the_file_with_its_line(written) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(readers.Refusal) as refused:
        read(written('a,b\n1,2\n3,"four\n5,6\n'))
    assert refused.value.code == "unclosed_quote"
    assert refused.value.where == "第3行"


def test_a_tab_separates_where_the_header_says_so(written) -> None:  # type: ignore[no-untyped-def]
    rows, _, _ = read(written("a\tb\n1,5\t2\n"))
    assert rows == [(2, ("1,5", "2"))]


def test_it_streams_a_file_larger_than_a_block(written, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(limits, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(limits, "CHUNK_ROWS", 7)
    lines = [f'{n},"名称{n}\n乙",x' if n % 5 == 0 else f"{n},名称{n},x" for n in range(1000)]
    for encoding in ("utf-8", "gb18030"):
        path = written("\n".join(["a,b,c", *lines, ""]).encode(encoding))
        rows, faults, _ = read(path)
        assert [row[0] for _, row in rows] == [str(n) for n in range(1000)]
        assert rows[1][0] == 4
        assert not faults
        assert all(chunk.frame.height <= 7 for chunk in CsvSource(path).chunks())


# -------------------------------------------------------------------------------------- the two paths agree

cells = st.text(st.sampled_from('ab甲"\n\r, ,，=\t'), max_size=6)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=12), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=300)
def test_what_a_csv_writer_writes_comes_back_on_both_paths(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], line_end: str
) -> None:
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator=line_end).writerows([["x", "y", "z"], *rows])
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(file.getvalue().encode("utf-8-sig"))
    for fast in (True, False):
        read_rows, faults, _ = read(path, fast=fast)
        assert [list(row) for _, row in read_rows] == rows
        assert not faults


@given(st.lists(st.text(st.sampled_from('a甲",\r '), max_size=10), min_size=1, max_size=8))
@settings(max_examples=500)
def test_fast_and_exact_path_agree_on_anything(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(("x,y\n" + "\n".join(lines)).encode("utf-8-sig"))
    results = []
    for fast in (True, False):
        try:
            rows, faults, source = read(path, fast=fast)
            normal = [(line, tuple(cell or None for cell in row)) for line, row in rows]
            results.append((normal, faults, source.blank_lines))
        except readers.Refusal as refusal:
            results.append((refusal.code, refusal.where))  # type: ignore[arg-type]
    assert results[0] == results[1]


@given(
    st.lists(
        st.sampled_from(["1,2", "", ",", '"a\nb",2', "1", "1,2,3", 'x"y,2', '"a"b,1', "\r"]), max_size=30
    )
)
@settings(max_examples=300)
def test_no_row_is_lost_or_shifted(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(("x,y\n" + "".join(line + "\n" for line in lines)).encode())
    rows, faults, source = read(path)
    assert len(rows) + len(faults) + source.blank_lines == len(lines)
    physical = path.read_text(encoding="utf-8").split("\n")
    for line, row in rows:
        assert physical[line - 1].startswith(('"a', row[0]) if row[0] else "")
    starts = sorted([line for line, _ in rows] + [fault.line for fault in faults])
    assert len(set(starts)) == len(starts)


def test_polars_alone_would_have_lost_the_short_row(written) -> None:  # type: ignore[no-untyped-def]
    """The reason for measuring blocks first, kept as a test: should polars change, look again."""
    frame = pl.read_csv(io.BytesIO(b"a,b\n1,2\n3\n"), infer_schema=False)
    assert frame.rows()[1] == ("3", None)
