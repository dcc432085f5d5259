"""Tables as files: CSV, Parquet and ARFF become one lazy table, read in pieces and never held whole by need.

Cells of CSV and ARFF stay text here: what they mean is decided once (`columns`) and written into the card, so
that fitting and scoring read a cell alike. A caller may ask for columns of a CSV as figures at once.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rongxin.evaluation.fitting import letters, raggedness
from rongxin.evaluation.fitting.errors import UnreadableData
from rongxin.evaluation.fitting.raggedness import Layout

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
_LOOKED_AT_ROWS = 10_000
_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)\s+(.+)""", re.IGNORECASE)
_NO_MEMORY = re.compile(r"Cannot allocate memory|os error 12\b|out of memory", re.IGNORECASE)
_NO_UTF_8 = re.compile(r"invalid utf-?8", re.IGNORECASE)
_HEADER_LINES_MAX = 100_000
# What a fit holds in memory: more rows make no card better, and a file may be larger than the machine.
ROWS_MAX, ROWS_MIN, CELLS_MAX = 500_000, 50_000, 16_000_000
_PLACE = "__row"
_SINGLE = "'"
_EITHER_QUOTES = r"""^(?:"(.*)"|'(.*)')$"""


@contextmanager
def opened(path: Path, *, figures: Collection[str] = ()) -> Iterator[pl.LazyFrame]:
    """Have the file as a lazy table with trimmed column names inside the block; raises `UnreadableData`.

    A CSV in GB18030 is written in UTF-8 first, into the node's own folder for as long as the block lasts.
    Of a CSV those of `figures` whose first cells are all plain figures come as Float64. That is quicker, and
    reading such a table fails at a later cell that isn't one.
    """
    if not path.is_file():
        raise UnreadableData(
            f"{path}: 没有这个文件，请给出 CSV、Parquet 或 ARFF 文件 "
            "no such file; give a CSV, Parquet or ARFF file"
        )
    if path.stat().st_size == 0:
        raise _empty(path)
    with ExitStack() as held:
        readers: dict[str, Callable[[Path], pl.LazyFrame]] = {
            **dict.fromkeys((".csv", ".tsv", ".txt"), partial(_csv, figures=figures, held=held)),
            ".parquet": _parquet,
            ".pq": _parquet,
            ".arff": partial(_arff, held=held),
        }
        reader = readers.get(path.suffix.lower())
        if reader is None:
            raise UnreadableData(
                f"{path}: 不读此类文件，请交 .csv、.parquet 或 .arff "
                f"{path.suffix or 'no suffix'} isn't read; hand in .csv, .parquet or .arff"
            )
        try:
            table = reader(path)
            names = table.collect_schema().names()
        except pl.exceptions.NoDataError as error:
            raise _empty(path) from error
        except (pl.exceptions.PolarsError, OSError) as error:
            raise failure(path, error) from error
        if not names:
            raise UnreadableData(f"{path}: 没有列，请检查表头 no columns found; check the header")
        yield table.rename(dict(zip(names, _trimmed(names, path), strict=True)))


def _empty(path: Path) -> UnreadableData:
    return UnreadableData(f"{path}: 文件是空的，请交有数据的文件 the file is empty; hand in one with data")


def sample(table: pl.LazyFrame, path: Path, *, seed: int) -> tuple[pl.DataFrame, int]:
    """Read what fits into memory: the whole table, or so many of its rows at random; and how many it has."""
    try:
        rows = int(table.select(pl.len()).collect(engine="streaming").item())
        most = min(ROWS_MAX, max(ROWS_MIN, CELLS_MAX // len(table.collect_schema())))
        if rows > most:
            drawn = np.zeros(rows, dtype=np.bool_)
            drawn[np.random.default_rng(seed).choice(rows, most, replace=False, shuffle=False)] = True
            table = _only(table, drawn)
        return table.collect(engine="streaming"), rows
    except (pl.exceptions.PolarsError, OSError) as error:
        raise failure(path, error) from error


def _only(table: pl.LazyFrame, drawn: NDArray[np.bool_]) -> pl.LazyFrame:
    def is_drawn(places: pl.Series) -> pl.Series:
        return pl.Series(drawn[places.to_numpy()])

    chosen = pl.col(_PLACE).map_batches(is_drawn, return_dtype=pl.Boolean, is_elementwise=True)
    drawn_rows = table.with_row_index(_PLACE).filter(chosen).drop(_PLACE)
    # Texts of a drawn row keep hold of all the text that was read with them; put together anew, they don't.
    return drawn_rows.with_columns(pl.col(pl.String) + "")


def _trimmed(names: list[str], path: Path) -> list[str]:
    trimmed = [
        name.strip().lstrip("\ufeff").strip() or f"column_{n}" for n, name in enumerate(names, start=1)
    ]
    twice = sorted({name for name in trimmed if trimmed.count(name) > 1})
    if twice:
        raise UnreadableData(
            f"{path}: 列名重复，请各取一名 column {twice[0]!r} stands twice; give each a name of its own"
        )
    return trimmed


def _csv(path: Path, *, figures: Collection[str], held: ExitStack) -> pl.LazyFrame:
    with path.open("rb") as file:
        head = file.read(_SNIFFED_BYTES)
    if b"\0" in head:
        raise UnreadableData(
            f"{path}: 含零字节，不是 CSV，请存为 UTF-8 的 "
            "CSV holds zero bytes, so it is no CSV; save it as CSV in UTF-8"
        )
    encoding = letters.encoding(path)
    source = _readable(path, encoding, held)
    first = head.decode(encoding, errors="replace").split("\n", 1)[0]
    if "\r" in first.rstrip("\r"):
        raise UnreadableData(
            f"{path}: 各行只以回车（CR）结束，请另存为以换行（LF）结束的 CSV "
            "the lines end in a carriage return alone; save it as CSV whose lines end in a line feed"
        )
    heads = next(csv.reader([first], delimiter=_separator(first)), [])
    stripped = [name.strip() for name in heads]
    if len(set(stripped)) < len(stripped):
        twice = sorted({name for name in stripped if stripped.count(name) > 1 and name})
        if twice:
            raise UnreadableData(
                f"{path}: 列名重复，请各取一名 column {twice[0]!r} stands twice; give each a name of its own"
            )
    # A header may run over lines, within quotation marks: its end is where they are even.
    layout = Layout(_separator(first), '"', len(heads), skipped=1)
    count = None if first.count('"') % 2 else raggedness.rows(source, layout, name=str(path))
    read = partial(
        pl.scan_csv,
        source,
        separator=layout.separator,
        infer_schema=False,
        encoding="utf8" if encoding != letters.WESTERN else "utf8-lossy",
    )
    if not figures:
        return read(n_rows=count)
    first_rows = read(n_rows=_LOOKED_AT_ROWS if count is None else min(count, _LOOKED_AT_ROWS)).collect()
    names = zip(first_rows.columns, _trimmed(first_rows.columns, path), strict=True)
    plain = [raw for raw, name in names if name in figures and _is_plain(first_rows[raw])]
    table = read(n_rows=count, schema_overrides=dict.fromkeys(plain, pl.Float64))
    return table.with_columns(pl.col(plain).map_batches(_without_nan, pl.Float64, is_elementwise=True))


def _readable(path: Path, encoding: str, held: ExitStack) -> Path:
    """The file itself, or its copy in UTF-8, which `held` takes away in the end."""
    return held.enter_context(letters.in_utf_8(path)) if encoding == letters.GB18030 else path


def _is_plain(cells: pl.Series) -> bool:
    figures = cells.cast(pl.Float64, strict=False).fill_nan(None)
    return figures.null_count() == cells.null_count()


def _without_nan(figures: pl.Series) -> pl.Series:
    """NaN is no plain figure: only how it is written tells whether it stands for nothing (`columns`)."""
    if figures.is_nan().any():
        raise pl.exceptions.ComputeError(f"{figures.name}: NaN")
    return figures


def _separator(line: str) -> str:
    return max((",", ";", "\t", "|"), key=line.count)


def _parquet(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path)


def _arff(path: Path, *, held: ExitStack) -> pl.LazyFrame:
    """ARFF is a header and then CSV; sparse rows (`{3 7, …}`) and relations within are refused."""
    source = _readable(path, letters.encoding(path), held)
    names, first, number = _head(source, path)
    if not first:
        return pl.LazyFrame(schema=dict.fromkeys(names, pl.String))
    quoted = _SINGLE if _SINGLE in first or '"' not in first else '"'
    layout = Layout(_divider(first), quoted, len(names), skipped=number, comment="%")
    _fits(first, layout, path)
    table = pl.scan_csv(
        source,
        has_header=False,
        skip_lines=number,
        n_rows=raggedness.rows(source, layout, name=str(path)),
        separator=layout.separator,
        comment_prefix="%",
        quote_char=layout.quote,
        infer_schema=False,
        encoding="utf8-lossy",
    )
    bare = pl.col(pl.String).str.strip_chars().str.replace(_EITHER_QUOTES, "$1$2")
    return table.rename(dict(zip(table.collect_schema().names(), names, strict=True))).with_columns(bare)


def _head(source: Path, path: Path) -> tuple[list[str], str, int]:
    """The names of the attributes, the first row, and how many lines stand before it."""
    names: list[str] = []
    with source.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(itertools.islice(file, _HEADER_LINES_MAX), start=1):
            text = line.strip()
            if text.lower().startswith("@attribute"):
                names.append(_attribute(text, path, number))
            elif text.lower() == "@data":
                break
        else:
            raise UnreadableData(
                f"{path}: 没有 @data 行，ARFF 的表头与数据之间须有此行 "
                "no line @data; an ARFF file has one between header and rows"
            )
        first = ""
        for line in file:
            first = line.strip()
            if first and not first.startswith("%"):
                break
            number, first = number + 1, ""
    if not names:
        raise UnreadableData(
            f"{path}: @data 之前没有 @attribute，请补上 no @attribute before @data; add them"
        )
    if first.startswith("{"):
        raise UnreadableData(
            f"{path}: 不读稀疏 ARFF，请存为普通 ARFF 或 "
            "CSV sparse ARFF rows aren't read; save it dense or as CSV"
        )
    return _trimmed(names, path), first, number


def _divider(first: str) -> str:
    """Cells are divided by commas or, as some programmes write it, by tabs."""
    return "\t" if "\t" in first and "," not in first else ","


def _fits(first: str, layout: Layout, path: Path) -> None:
    """The first row tells whether the header is that of these rows."""
    row = next(csv.reader([first], delimiter=layout.separator, quotechar=layout.quote), [])
    if row and len(row) != layout.cells:
        raise UnreadableData(
            f"{path}, first row: 首行 {len(row)} 个值，却声明了 {layout.cells} 个属性，请改正其一 "
            f"{len(row)} values, but {layout.cells} attributes are declared; correct one of them"
        )


def _attribute(line: str, path: Path, number: int) -> str:
    parts = _ATTRIBUTE.match(line)
    if parts is None:
        raise UnreadableData(
            f"{path}, line {number}: 不是属性，请改正 not an attribute, correct it: {line[:60]}"
        )
    if parts[2].strip().lower().startswith("relational"):
        raise UnreadableData(
            f"{path}, line {number}: 不读关系型属性，请展开成一张表 "
            "relational attributes aren't read; flatten the table"
        )
    name = parts[1]
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name[0] in "'\"" else name


def failure(path: Path, error: Exception) -> UnreadableData | MemoryError:
    """What to raise for what a library says of a file: that it can't be read, or that memory ran out."""
    first = (str(error).strip().splitlines() or ["unreadable"])[0]
    if _NO_MEMORY.search(first):
        return MemoryError(f"{path}: {first}")
    line = letters.first_line_not_utf_8(path) if _NO_UTF_8.search(first) else None
    if line is not None:
        return UnreadableData(
            f"{path}, line {line}: 此行不是 UTF-8，其余各行却是，请改正该行或将全文件另存为 UTF-8 "
            "this line isn't UTF-8 while those before it are; correct it, or save the whole file as UTF-8"
        )
    return UnreadableData(
        f"{path}: 读不出来，请检查文件或另存一份 can't be read, check the file or save it anew: {first}"
    )
