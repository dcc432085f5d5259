"""Bad files: each is refused with what, where and what to do; none takes the process down (T17–T19)."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from rongxin.catalogue import loader
from rongxin.sharing.aggregation import headers, limits, readers
from rongxin.sharing.aggregation.readers.refusals import WORDINGS

Corpus = dict[str, tuple[str, Callable[[], bytes], str]]


def good_workbook(**parts: bytes) -> bytes:
    """A small workbook; `parts` replace or add members (`__` stands for `/`)."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_column(0, 0, ["名称", "甲", "乙"])
    book.close()
    if not parts:
        return file.getvalue()
    replaced = {name.replace("__", "/"): content for name, content in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, replaced.pop(name, source.read(name)))
        for name, content in replaced.items():
            target.writestr(name, content)
    return out.getvalue()


def sheet_with(head: bytes = b"", body: bytes = b"", declaration: bytes = b'<?xml version="1.0"?>') -> bytes:
    name = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return declaration + head + b"<worksheet " + name + b"><sheetData>" + body + b"</sheetData></worksheet>"


def workbook_of(sheet: bytes) -> bytes:
    return good_workbook(**{"xl__worksheets__sheet1.xml": sheet})


def lying_sizes() -> bytes:
    """The directory and the local header say 100 bytes, the data unpack to 32 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b" " * (32 << 20)) + packer.flush()
    return _one_member(b"xl/workbook.xml", packed, declared=100)


def _one_member(name: bytes, packed: bytes, declared: int) -> bytes:
    sizes = struct.pack("<LLL", zlib.crc32(b""), len(packed), declared)
    local = (
        struct.pack("<4sHHHHH", b"PK\3\4", 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", len(name), 0) + name
    )
    head = struct.pack("<4sHHHHHH", b"PK\1\2", 20, 20, 0, 8, 0, 33) + sizes
    entry = head + struct.pack("<HHHHHLL", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local) + len(packed), 0)
    return local + packed + entry + end


def overlapping() -> bytes:
    """Two directory entries that point at one member: the trick of the overlapping bomb."""
    whole = good_workbook()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        first, second = archive.infolist()[:2]
    entry = whole.index(b"PK\1\2", whole.index(b"PK\1\2") + 4)
    assert second.header_offset == struct.unpack("<L", whole[entry + 42 : entry + 46])[0]
    return whole[: entry + 42] + struct.pack("<L", first.header_offset) + whole[entry + 46 :]


def bomb_of_equal_bytes() -> bytes:
    return workbook_of(sheet_with(body=b"<row/>" + b" " * (64 << 20)))


def a_million_cells_in_a_row(*, count: int = 10**6, placed: bool = True) -> bytes:
    """Far beyond the last column a sheet can have (XFD), and so long that the row ends in no piece of it."""
    cells = (b'<c r="%s1"><v>1</v></c>' % _letters(n) if placed else b"<c><v>1</v></c>" for n in range(count))
    return _stored(workbook_of(sheet_with(body=b'<row r="1">' + b"".join(cells) + b"</row>")))


def _letters(number: int) -> bytes:
    name, number = b"", number + 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = bytes([65 + letter]) + name
    return name


def _stored(whole: bytes) -> bytes:
    """The same without compression: or its ratio alone would refuse it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return out.getvalue()


def as_wide_as_a_sheet() -> bytes:
    return workbook_of(sheet_with(body=b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'))


def cells_at_the_corners() -> bytes:
    """Two cells, 17 thousand million places between them: a dense table would not fit in any memory."""
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return workbook_of(sheet_with(body=b'<row r="1"><c r="A1"><v>1</v></c></row>' + far))


def too_many_parts() -> bytes:
    return good_workbook(**{f"extra__{number}.bin": b"x" for number in range(limits.MAX_ZIP_MEMBERS + 1)})


def encrypted() -> bytes:
    whole = bytearray(good_workbook())
    at = whole.index(b"PK\1\2")
    whole[at + 8] |= 1
    return bytes(whole)


def wide_parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({str(number): ["x"] for number in range(limits.MAX_COLUMNS + 1)}).write_parquet(file)
    return file.getvalue()


def nested_parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"a": [{"b": 1}]}).write_parquet(file)
    return file.getvalue()


def small_parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"名称": ["甲"] * 1000}).write_parquet(file)
    return file.getvalue()


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
EXTERNAL = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
ROW = b'<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'

# name: (what it is called, how it is made, the refusal's code)
CORPUS: Corpus = {
    "empty": ("a.csv", lambda: b"", "empty_file"),
    "only blanks": ("a.csv", lambda: b"\xef\xbb\xbf \r\n\r\n", "empty_file"),
    "UTF-16 with mark": ("a.csv", lambda: "名称,金额\n甲,1\n".encode("utf-16"), "encoding_utf16"),
    "UTF-16 without mark": ("a.csv", lambda: "name,amount\n甲,1\n".encode("utf-16-le"), "encoding_utf16"),
    "UTF-32": ("a.csv", lambda: "名称\n甲\n".encode("utf-32"), "encoding_utf16"),
    "half UTF-8, half GB18030": (
        "a.csv",
        lambda: "名称,b\n".encode() + "云州甲公司,1\n".encode("gb18030"),
        "encoding_invalid",
    ),
    "half GB18030, half UTF-8": (
        "a.csv",
        lambda: "名称,b\n".encode("gb18030") + "云州甲乙公司,1\n".encode(),
        "encoding_mixed",
    ),
    "cut inside a character": ("a.csv", lambda: "名称,b\n甲,乙".encode()[:-1], "encoding_invalid"),
    "cut inside GB18030": ("a.csv", lambda: "名称,b\n甲,乙".encode("gb18030")[:-1], "encoding_invalid"),
    "reads as both": ("a.csv", lambda: b"name,b\n\xc3\xa9\xc3\xa8,1\n", "encoding_ambiguous"),
    "neither encoding": ("a.csv", lambda: b"name,b\n\xff\xff,1\n", "encoding_invalid"),
    "NUL": ("a.csv", lambda: b"a,b\n1,2\n3,\x00\n", "nul_byte"),
    "endless field": ("a.csv", lambda: b'a,b\n1,2\n3,"' + b"x" * 70_000 + b'"\n', "field_too_long"),
    "endless field, no marks": ("a.csv", lambda: b"a,b\n1,2\n3," + b"x" * 70_000 + b"\n", "field_too_long"),
    "endless line": ("a.csv", lambda: b"a,b\n" + b"x" * (2 << 20), "record_too_long"),
    "quote bomb": ("a.csv", lambda: b"a,b\n1,2\n" + b'3,"' + b"4,5\n" * 50_000, "unclosed_quote"),
    "cut inside marks": ("a.csv", lambda: b'a,b\n1,2\n3,"fo', "unclosed_quote"),
    "a million columns": ("a.csv", lambda: b",".join(b"c%d" % n for n in range(10**6)), "too_many_columns"),
    "a column twice": ("a.csv", lambda: b"a,a\n1,2\n", "duplicate_column"),
    "old Mac line ends": ("a.csv", lambda: b"a,b\r1,2\r3,4\r", "line_ends"),
    "semicolons": ("a.csv", lambda: b"a;b\n1;2\n", "delimiter"),
    "a web page called .xls": ("a.xls", lambda: b"<html><table><tr><td>1", "not_a_table"),
    "a PDF": ("a.csv", lambda: b"%PDF-1.7\n", "not_a_table"),
    "an old .xls": ("a.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_workbook"),
    "gzip": ("a.csv.gz", lambda: b"\x1f\x8b\x08\x00" + b"x" * 99, "compressed"),
    "a zip of a CSV": ("a.zip", lambda: good_workbook(), "compressed"),
    "text called .xlsx": ("a.xlsx", lambda: b"a,b\n1,2\n", "not_a_workbook"),
    "a zip called .xlsx": ("a.xlsx", lambda: _one_member(b"a.txt", b"", declared=0), "not_a_workbook"),
    "workbook cut short": ("a.xlsx", lambda: good_workbook()[:-300], "workbook_broken"),
    "workbook with a byte changed": ("a.xlsx", lambda: _flipped(good_workbook()), "zip_lies"),
    "encrypted workbook": ("a.xlsx", encrypted, "workbook_encrypted"),
    "zip bomb": ("a.xlsx", bomb_of_equal_bytes, "zip_bomb"),
    "sizes that lie": ("a.xlsx", lying_sizes, "zip_lies"),
    "overlapping members": ("a.xlsx", overlapping, "zip_overlap"),
    "nested archive": ("a.xlsx", lambda: good_workbook(a__b=good_workbook()), "nested_archive"),
    "too many parts": ("a.xlsx", too_many_parts, "zip_too_many_members"),
    "billion laughs": ("a.xlsx", lambda: workbook_of(sheet_with(ENTITIES)), "xml_entities"),
    "external entity": ("a.xlsx", lambda: workbook_of(sheet_with(EXTERNAL)), "xml_entities"),
    "entities in a sheet that isn't read": (
        "a.xlsx",
        lambda: good_workbook(**{"xl__worksheets__sheet9.xml": sheet_with(ENTITIES)}),
        "xml_entities",
    ),
    "entities in the book": (
        "a.xlsx",
        lambda: good_workbook(**{"xl__workbook.xml": b'<?xml version="1.0"?>' + ENTITIES + b"<workbook/>"}),
        "xml_entities",
    ),
    "entities hidden in UTF-16": (
        "a.xlsx",
        lambda: workbook_of(sheet_with(ENTITIES).decode().encode("utf-16")),
        "xml_encoding",
    ),
    "UTF-16 that does not say so": (
        "a.xlsx",
        lambda: workbook_of(sheet_with(ENTITIES, declaration=b"").decode().encode("utf-16-le")),
        "xml_encoding",
    ),
    "a sheet as wide as can be": ("a.xlsx", as_wide_as_a_sheet, "too_many_columns"),
    "a sheet of a million columns": ("a.xlsx", a_million_cells_in_a_row, "too_many_columns"),
    "a million cells without a place": (
        "a.xlsx",
        lambda: a_million_cells_in_a_row(placed=False),
        "too_many_columns",
    ),
    "a sheet of 20,000 columns": (
        "a.xlsx",
        lambda: a_million_cells_in_a_row(count=20_000),
        "too_many_columns",
    ),
    "a sheet whose only row is one endless cell": (
        "a.xlsx",
        lambda: _stored(workbook_of(sheet_with(body=ROW.replace(b"<t>a", b"<t>" + b"a" * (24 << 20))))),
        "record_too_long",
    ),
    "cells at the corners": ("a.xlsx", cells_at_the_corners, "too_large"),
    "broken XML": ("a.xlsx", lambda: workbook_of(b"<worksheet><sheetData><row"), "workbook_broken"),
    "empty sheet": ("a.xlsx", lambda: workbook_of(sheet_with()), "empty_file"),
    "Parquet cut short": ("a.parquet", lambda: small_parquet()[:-9], "parquet_broken"),
    "Parquet of noise": ("a.parquet", lambda: b"PAR1" + bytes(range(256)) * 9 + b"PAR1", "parquet_broken"),
    "wide Parquet": ("a.parquet", wide_parquet, "too_many_columns"),
    "nested Parquet": ("a.parquet", nested_parquet, "nested_column"),
    "a JSON array": ("a.json", lambda: b'[{"a":1}]', "json_array"),
    "JSON of a million keys": (
        "a.jsonl",
        lambda: b"{" + b",".join(b'"k%d":1' % n for n in range(50_000)) + b"}",
        "too_many_columns",
    ),
    "an endless JSON field": ("a.jsonl", lambda: b'{"a":"' + b"x" * 70_000 + b'"}', "field_too_long"),
}


def _flipped(whole: bytes) -> bytes:
    """A stored checksum that is not the data's: of the sheet, in directory and local header alike."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        checksum = struct.pack("<L", archive.getinfo("xl/worksheets/sheet1.xml").CRC)
    return whole.replace(checksum, b"\1\2\3\4")


def consume(path: Path) -> int:
    with readers.open_file(path) as source:
        return sum(chunk.rows for chunk in source.chunks())


@pytest.mark.parametrize("name", CORPUS)
def test_it_refuses_with_what_where_and_what_to_do(tmp_path: Path, name: str) -> None:
    called, make, code = CORPUS[name]
    path = tmp_path / called
    path.write_bytes(make())
    with pytest.raises(readers.Refusal) as refused:
        consume(path)
    refusal = refused.value
    assert refusal.code == code, refusal
    assert refusal.message
    assert refusal.what_to_do
    assert refusal.message in str(refusal)
    assert set(refusal.document()) == {"code", "message", "message_en", "where", "what_to_do"}


@pytest.mark.parametrize(
    ("called", "make"),
    [
        ("清单.xlsx", lambda: good_workbook()[:-300]),
        ("清单.parquet", lambda: small_parquet()[:-9]),
        ("清单.parquet", lambda: small_parquet()[:-300] + b"PAR1"),
        ("清单.xlsx", cells_at_the_corners),
    ],
)
def test_a_damaged_file_is_named_as_its_sender_calls_it(
    tmp_path: Path, called: str, make: Callable[[], bytes]
) -> None:
    path = tmp_path / "01a20da4-spooled"
    path.write_bytes(make())
    with pytest.raises(readers.Refusal) as refused, readers.open_file(path, declared_name=called) as source:
        list(source.chunks())
    assert refused.value.where == called
    assert path.name not in refused.value.text


@pytest.mark.parametrize("name", ["workbook cut short", "broken XML", "Parquet cut short"])
def test_damage_is_told_in_words_and_not_in_an_exceptions(tmp_path: Path, name: str) -> None:
    called, make, _ = CORPUS[name]
    path = tmp_path / called
    path.write_bytes(make())
    with pytest.raises(readers.Refusal) as refused:
        consume(path)
    assert "已损坏或不完整" in refused.value.message
    assert "重新" in refused.value.what_to_do
    assert not any(word in refused.value.text for word in ("Error", "BadZip", "parquet:", "syntax"))


def test_a_header_in_big5_is_not_shown_as_names_but_as_an_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("企業名稱,統一社會信用代碼,罰款金額\n雲州甲公司,1,1\n".encode("big5"))
    with pytest.raises(readers.Refusal) as refused, readers.open_file(path) as source:
        headers.match(source.headers, loader.load().item("administrative_penalty"))
    assert refused.value.code == "identifying_column_absent"
    for word in ("编码", "UTF-8", "GB18030", "Big5"):
        assert word in refused.value.what_to_do
    with pytest.raises(readers.Refusal) as known:
        headers.match(["企业名称", "其他"], loader.load().item("administrative_penalty"))
    assert "Big5" not in known.value.what_to_do


def test_wrong_encoding_is_named_with_byte_and_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good = "名称,b\n甲,1\n".encode()
    path.write_bytes(good + "乙,2\n".encode("gb18030"))
    with pytest.raises(readers.Refusal) as refused:
        consume(path)
    assert refused.value.where == "第3行"
    assert refused.value.values["offset"] == len(good) + 1


def test_a_later_line_in_another_encoding_is_named_by_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = ["名称,b", *(f"甲{number},1" for number in range(5000))]
    path.write_bytes("\n".join(lines).encode("gb18030") + b"\n\xff\xff,1\n")
    with pytest.raises(readers.Refusal) as refused:
        consume(path)
    assert refused.value.where == "第5002行"


def test_the_service_goes_on_reading_after_a_bomb(tmp_path: Path) -> None:
    for number, make in enumerate((cells_at_the_corners, bomb_of_equal_bytes, lying_sizes)):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(make())
        with pytest.raises(readers.Refusal):
            consume(path)
    (tmp_path / "good.xlsx").write_bytes(good_workbook())
    assert consume(tmp_path / "good.xlsx") == 2


def test_parts_lie_in_the_nodes_own_folder_and_none_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    elsewhere, settings.RONGXIN_VAR = tmp_path / "elsewhere", tmp_path / "var"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    (tmp_path / "good.xlsx").write_bytes(good_workbook())
    with readers.open_file(tmp_path / "good.xlsx") as source:
        next(source.chunks())
        assert [path.name.split("-")[0] for path in (tmp_path / "var/scratch").iterdir()] == ["intake"]
        assert not list(elsewhere.iterdir())
    (tmp_path / "bad.xlsx").write_bytes(cells_at_the_corners())
    with pytest.raises(readers.Refusal):
        consume(tmp_path / "bad.xlsx")
    assert not list((tmp_path / "var/scratch").iterdir())
    assert not list(elsewhere.iterdir())


def test_the_child_is_stopped_when_it_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHILD_WALL_SECONDS", 0.01)
    (tmp_path / "good.xlsx").write_bytes(good_workbook())
    with pytest.raises(readers.Refusal) as refused:
        consume(tmp_path / "good.xlsx")
    assert refused.value.code == "too_slow"


def test_the_child_may_not_take_more_memory_than_its_limit() -> None:
    greedy = (
        "from rongxin.sharing.aggregation.readers import child; child._bound_itself(); bytearray(3 << 30)"
    )
    done = subprocess.run([sys.executable, "-c", greedy], capture_output=True, text=True, check=False)
    assert done.returncode
    assert "MemoryError" in done.stderr


def test_every_refusal_says_three_things() -> None:
    for code, wording in WORDINGS.items():
        assert code.isidentifier()
        assert all(part.strip() for part in wording), code
