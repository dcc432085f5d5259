"""Tables as files: CSV, Parquet and ARFF become one lazy table, read in pieces and never held whole by need.

Cells of CSV and ARFF stay text here: what they mean is decided once (`columns`) and written into the card, so
that fitting and scoring read a cell alike.
"""

from __future__ import annotations

import csv
import itertools
import re
from pathlib import Path
from typing import Final

import polars as pl

from rongxin.evaluation.fitting.errors import UnreadableData

NOTHING: Final = (
    *(
        "",
        "?",
        "NA",
        "N/A",
        "n/a",
        "#N/A",
        "NaN",
        "nan",
        "null",
        "NULL",
        "None",
        "none",
        "NONE",
        "-",
        "--",
        ".",
    ),
    *("缺失", "无", "空", "未知"),
)
_SNIFFED_BYTES = 1 << 20
_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)\s+(.+)""", re.IGNORECASE)
_HEADER_LINES_MAX = 100_000


def scan(path: Path) -> pl.LazyFrame:
    """Return the file as a lazy table with trimmed column names; raises `UnreadableData`."""
    if not path.is_file():
        raise UnreadableData(f"{path}: no such file; give a CSV, Parquet or ARFF file")
    if path.stat().st_size == 0:
        raise UnreadableData(f"{path}: the file is empty")
    readers = {
        ".csv": _csv,
        ".tsv": _csv,
        ".txt": _csv,
        ".parquet": _parquet,
        ".pq": _parquet,
        ".arff": _arff,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UnreadableData(
            f"{path}: {path.suffix or 'no suffix'} isn't read; hand in .csv, .parquet or .arff"
        )
    try:
        table = reader(path)
        names = table.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnreadableData(f"{path}: {_first_line(error)}") from error
    if not names:
        raise UnreadableData(f"{path}: no columns found")
    return _trimmed(table, names, path)


def gather(table: pl.LazyFrame, path: Path) -> pl.DataFrame:
    """Read the whole table, as fitting needs it."""
    try:
        return table.collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnreadableData(f"{path}: {_first_line(error)}") from error


def _trimmed(table: pl.LazyFrame, names: list[str], path: Path) -> pl.LazyFrame:
    trimmed = [
        name.strip().lstrip("\ufeff").strip() or f"column_{n}" for n, name in enumerate(names, start=1)
    ]
    twice = sorted({name for name in trimmed if trimmed.count(name) > 1})
    if twice:
        raise UnreadableData(f"{path}: column {twice[0]!r} stands twice; give each a name of its own")
    return table.rename(dict(zip(names, trimmed, strict=True)))


def _csv(path: Path) -> pl.LazyFrame:
    with path.open("rb") as file:
        head = file.read(_SNIFFED_BYTES)
    if b"\0" in head:
        raise UnreadableData(f"{path}: holds zero bytes, so it is no CSV; save it as CSV in UTF-8")
    encoding = _encoding(head)
    source: Path | bytes = path
    if encoding == "gb18030":
        source = path.read_bytes().decode("gb18030", errors="replace").encode()
    first = head.decode("utf-8" if encoding == "utf8" else encoding, errors="replace").split("\n", 1)[0]
    heads = next(csv.reader([first], delimiter=_separator(first)), [])
    stripped = [name.strip() for name in heads]
    if len(set(stripped)) < len(stripped):
        twice = sorted({name for name in stripped if stripped.count(name) > 1 and name})
        if twice:
            raise UnreadableData(f"{path}: column {twice[0]!r} stands twice; give each a name of its own")
    return pl.scan_csv(
        source,
        separator=_separator(first),
        infer_schema=False,
        encoding="utf8" if encoding != "latin-1" else "utf8-lossy",
    )


def _encoding(head: bytes) -> str:
    """UTF-8, else GB18030 where that is whole and holds Chinese, else whatever a Western programme wrote."""
    for cut in range(4):  # the sample may end within a character
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return "utf8"
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode("gb18030")
        except UnicodeDecodeError:
            continue
        if re.search(r"[\u4e00-\u9fff]{2}", text):
            return "gb18030"
    return "latin-1"


def _separator(line: str) -> str:
    return max((",", ";", "\t", "|"), key=line.count)


def _parquet(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path)


def _arff(path: Path) -> pl.LazyFrame:
    """ARFF is a header and then CSV; sparse rows (`{3 7, …}`) and relations within are refused."""
    names: list[str] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(itertools.islice(file, _HEADER_LINES_MAX), start=1):
            text = line.strip()
            if text.lower().startswith("@attribute"):
                names.append(_attribute(text, path, number))
            elif text.lower() == "@data":
                break
        else:
            raise UnreadableData(f"{path}: no line @data; an ARFF file has one between header and rows")
        first = next((line.strip() for line in file if line.strip() and not line.startswith("%")), "")
    if not names:
        raise UnreadableData(f"{path}: no @attribute before @data")
    if first.startswith("{"):
        raise UnreadableData(f"{path}: sparse ARFF rows aren't read; save it dense or as CSV")
    table = pl.scan_csv(
        path,
        has_header=False,
        skip_lines=number,
        comment_prefix="%",
        quote_char="'",
        infer_schema=False,
        encoding="utf8-lossy",
    )
    found = table.collect_schema().names()
    if len(found) != len(names):
        raise UnreadableData(
            f"{path}, first row: {len(found)} values, but {len(names)} attributes are declared"
        )
    return table.rename(dict(zip(found, names, strict=True)))


def _attribute(line: str, path: Path, number: int) -> str:
    parts = _ATTRIBUTE.match(line)
    if parts is None:
        raise UnreadableData(f"{path}, line {number}: not an attribute: {line[:60]}")
    if parts[2].strip().lower().startswith("relational"):
        raise UnreadableData(f"{path}, line {number}: relational attributes aren't read; flatten the table")
    name = parts[1]
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name[0] in "'\"" else name


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["unreadable"])[0]
