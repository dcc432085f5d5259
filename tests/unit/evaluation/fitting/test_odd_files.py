"""Files as Chinese offices and other programmes write them are read, or it is said where they can't be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

pytest.importorskip("optbinning", reason="the extra rongxin[fit] isn't installed")

from rongxin.evaluation.fitting import columns, drawing, files, letters, woe
from rongxin.evaluation.fitting.errors import TooLittleData, UnreadableData
from rongxin.evaluation.fitting.sample import Wish
from tests.unit.evaluation.fitting import invented

_HEADER = """@relation firms
@attribute 'trade name' {甲类,'丙 类'}
@attribute since date "yyyy-MM-dd"
@attribute bad {0,1}
@data
"""
_ROWS = [("甲类", "2020-01-31", "1"), ("丙 类", "2021-02-28", "0")]
_AS_WRITTEN = '甲类,"2020-01-31",1\n\'丙 类\', "2021-02-28",0\n'


def _rows(path: Path) -> list[tuple[str, ...]]:
    with files.opened(path) as table:
        return table.collect().rows()


def _late(path: Path, encoding: str) -> Path:
    plain = "place,trade\n" + "1,A\n" * (letters._SNIFFED_BYTES // 4)
    path.write_bytes((plain + "2,茶叶\n").encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_that_comes_late_in_a_file_is_read_as_it_is_written(encoding: str, tmp_path: Path) -> None:
    assert _rows(_late(tmp_path / "a.csv", encoding))[-1] == ("2", "茶叶")


def test_a_later_line_that_is_no_utf_8_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "_SNIFFED_BYTES", 16)
    (tmp_path / "a.csv").write_bytes(b"trade,bad\n" + "茶叶,1\n".encode() * 9 + b"\xff\xfe\xff,0\n")
    with pytest.raises(UnreadableData, match=r"a\.csv, line 11: .*isn't UTF-8"):
        _whole(tmp_path / "a.csv")


def _whole(path: Path) -> None:
    with files.opened(path) as table:
        files.sample(table, path, seed=1)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("divider", [",", "\t"])
def test_an_arff_file_is_read_in_either_encoding_divider_and_quotation_mark(
    encoding: str, divider: str, tmp_path: Path
) -> None:
    text = _HEADER + _AS_WRITTEN.replace(",", divider)
    (tmp_path / "a.arff").write_bytes(text.encode(encoding))
    assert _rows(tmp_path / "a.arff") == _ROWS


def test_an_attribute_that_is_declared_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.arff").write_text("@attribute a real\n@attribute a real\n@data\n1,2\n")
    with pytest.raises(UnreadableData, match="column 'a' stands twice"):
        _rows(tmp_path / "a.arff")


def test_an_arff_file_without_rows_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.arff").write_text("@attribute a real\n@attribute bad {0,1}\n@data\n% none yet\n")
    with pytest.raises(TooLittleData, match="has a header and no rows"):
        drawing.draw(tmp_path / "a.arff", Wish("bad"))


def test_an_infinite_figure_counts_as_the_largest(tmp_path: Path) -> None:
    """A ratio over nothing is written `inf` by many programmes; figures beyond single precision likewise."""
    years = pl.when(pl.int_range(300) < 3).then(pl.lit("inf")).otherwise(pl.col("years").cast(pl.String))
    frame = invented.borrowers(300).rename({" years ": "years"}).with_columns(years=years)
    sample = drawing.draw(invented.written(frame, tmp_path / "a.csv"), Wish("default"))
    assert np.isfinite(sample.cells["years"][:3]).all()
    assert (sample.cells["years"][:3] > np.nanmax(sample.cells["years"][3:])).all()
    _, table = woe.fit({"years": sample.cells["years"]}, sample.bad, {}, {})
    assert all(np.isfinite(shape.edges).all() for shape in table.values())


@pytest.mark.parametrize(
    ("cell", "figure"),
    [
        ("1,234", 1234.0),
        ("$1,234,567.89", 1234567.89),
        ("(1,234 元)", -1234.0),
        ("1 234 567", 1234567.0),
        ("1,5", None),
        ("0,194", None),
        ("-0,194", None),
        ("1.234,56", None),
        ("1,2345", None),
        ("12,34,567", None),
        ("3 4", None),
    ],
)
def test_only_thousands_are_parted_within_a_figure(cell: str, figure: float | None) -> None:
    """`1,5` is no fifteen: what might mean another figure is read as none, and is told."""
    values, unreadable = columns.numbers(pl.Series("v", [cell]), columns.Column("v", columns.NUMBER))
    assert (values[0], unreadable is not None) == (figure, figure is None)


def test_decimals_after_a_comma_and_a_name_too_long_are_left_out_with_why(tmp_path: Path) -> None:
    years = pl.col("years")
    odd = {
        "comma": (years / 7).round(2).cast(pl.String).str.replace(".", ",", literal=True),
        "n" * 201: years,
    }
    frame = invented.borrowers(300).rename({" years ": "years"}).with_columns(**odd)
    left_out = drawing.draw(invented.written(frame, tmp_path / "a.csv"), Wish("default")).left_out
    assert "write a point" in left_out["comma"]
    assert "200 characters" in left_out["n" * 40 + "…"]
