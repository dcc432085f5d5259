"""Parquet files of the lake: written beside, synced, renamed; counted only once the manifest lists them.

Rows leave PostgreSQL as text into a spool, a folder of Parquet parts with columns of text, and are typed and
sorted by DuckDB within a fixed share of memory. (A spool of CSV took most of that share for its parser alone,
and the sort of 200,000 rows had no room left.) Nothing here decides what counts: `lake_keeping` does, in its
transaction.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import duckdb
import polars as pl
from django.conf import settings
from django.db import connection
from psycopg import sql

from rongxin.records import lake_columns
from rongxin.records.lake_columns import LakeColumn

SUFFIX, PART, SPOOL = ".parquet", ".part", ".spool"
#: The column of a spool that names a row by its line in the batch, where its id is made of it.
LINE = "_line"
# No text that a department hands in holds a control character, so this one can stand for "nothing".
_NULL = "\x01"
_BLOCK = 8 << 20
_MEMORY = "192MB"
# Two of these, uncompressed, are held while rows are sorted: of wide rows 65,536 left the sort no memory.
_ROW_GROUP = 20_480
# Called with the rows written so far.
Progress = Callable[[int], None]

_ROWS = """
COPY (
    SELECT {columns} FROM records_record r
    WHERE r.item = {item} AND r.id > {after} AND r.id <= {through} AND r.ended_at IS NULL
      AND NOT (r.id BETWEEN {first} AND {last} AND r.sealed IS NULL)
) TO STDOUT WITH (FORMAT csv, NULL {null})
"""
_OWN = "r.id, r.subject_id, r.observed_on, (r.filed_at AT TIME ZONE 'Asia/Shanghai')::date, r.provider"


@dataclass(frozen=True)
class Prepared:
    """A whole file: as `part` until it is put where `name` says."""

    part: Path
    rows: int
    sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        return self.part.with_suffix(SUFFIX).name


def directory() -> Path:
    """Where the lake lies."""
    return Path(settings.RONGXIN_VAR) / "lake"


def write(
    item: str,
    columns: tuple[LakeColumn, ...],
    *,
    after: int,
    through: int,
    but: tuple[int, int] | None = None,
    progress: Progress | None = None,
) -> Prepared | None:
    """Write the live rows of an item with `after` < id <= `through` to a file; None where there are none.

    Rows of the ids `but` (the first and the last) are left out where nothing of them is sealed.
    """
    directory().mkdir(parents=True, exist_ok=True, mode=0o700)
    spool = fresh(item, SPOOL)
    try:
        rows = draw(item, columns, spool, after=after, through=through, but=but, progress=progress)
        return put(prepare(item, spool, columns)) if rows else None
    finally:
        shutil.rmtree(spool, ignore_errors=True)


def prepare(
    item: str,
    spool: Path,
    columns: tuple[LakeColumn, ...],
    *,
    own: Mapping[str, str] | None = None,
    without: Sequence[int] = (),
) -> Prepared:
    """Make a file of spooled text; `own` and `without` as in `type_rows`."""
    part = fresh(item, PART)
    try:
        rows = type_rows(spool, part, columns, own=own, without=without)
        return Prepared(part, rows, digest_of(part), part.stat().st_size)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def put(prepared: Prepared) -> Prepared:
    """Give a file its final name; return it."""
    publish(prepared.part, prepared.part.with_name(prepared.name))
    return prepared


def draw(
    item: str,
    columns: tuple[LakeColumn, ...],
    spool: Path,
    *,
    after: int,
    through: int,
    but: tuple[int, int] | None = None,
    progress: Progress | None = None,
) -> int:
    """Copy the rows as text into a new spool, numbers in words taken out; return how many.

    A thread cleans and writes one block while PostgreSQL sends the next.
    """
    spool.mkdir(mode=0o700)
    writing: Future[int] | None = None
    rows = parts = 0
    with ThreadPoolExecutor(1, "lake") as writer:
        for block in _blocks(_statement(item, columns, after, through, but or (0, 0))):
            # Waited for one block later: no more than two of them are ever held.
            rows += writing.result() if writing is not None else 0
            if progress is not None and parts:
                progress(rows)
            writing = writer.submit(_spool_block, block, columns, spool / part_name(parts))
            parts += 1
        rows += writing.result() if writing is not None else 0
    if not parts:
        _spool_block(b"", columns, spool / part_name(parts))
    elif progress is not None:
        progress(rows)
    return rows


def type_rows(
    spool: Path,
    target: Path,
    columns: tuple[LakeColumn, ...],
    *,
    own: Mapping[str, str] | None = None,
    without: Sequence[int] = (),
) -> int:
    """Make a Parquet file of spooled text: every column typed, rows by subject and date; return how many.

    `own` gives columns that the spool has not, as SQL; rows of the lines `without` are left out.
    """
    cast = ", ".join(
        f"""from_json("{c.name}", '["VARCHAR"]') AS "{c.name}\""""
        if c.sql_type == "VARCHAR[]"
        else f"""CAST({(own or {}).get(c.name, f'"{c.name}"')} AS {c.sql_type}) AS "{c.name}\""""
        for c in columns
    )
    given: dict[str, object] = {"parts": [str(part) for part in sorted(spool.iterdir())]}
    which = ""
    if without:
        which, given["without"] = f'WHERE "{LINE}" NOT IN (SELECT unnest($without))', list(without)
    with engine() as duck:
        (rows,) = duck.execute(
            f"COPY (SELECT {cast} FROM read_parquet($parts) {which}"  # noqa: S608
            ' ORDER BY "_subject", "_observed_on", "_id")'
            f" TO {literal(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})",
            given,
        ).fetchone() or (0,)
    return int(rows)


def publish(part: Path, final: Path) -> None:
    """Give a written file its name, so that it is whole or absent after a power cut, too."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.rename(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB that fetches no extension, keeps to its memory and spills into the lake's folder."""
    duck = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": _MEMORY,
            "temp_directory": str(directory() / "spill"),
            "threads": "2",
            "preserve_insertion_order": "false",
        }
    )
    duck.execute("SET enable_progress_bar_print = false")  # in the middle of a command's JSON
    try:
        yield duck
    finally:
        duck.close()


def literal(path: Path | str) -> str:
    """Write a path or a text as an SQL literal, where DuckDB takes no parameter."""
    return "'" + str(path).replace("'", "''") + "'"


def _blocks(statement: sql.Composed) -> Iterator[bytes]:
    """Yield what COPY sends in blocks of whole rows."""
    block = bytearray()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            block += row
            if len(block) >= _BLOCK:
                yield bytes(block)
                block.clear()
    if block:
        yield bytes(block)


def write_part(frame: pl.DataFrame, part: Path) -> None:
    """Write a part of a spool."""
    frame.write_parquet(part, compression="lz4", statistics=False)


def part_name(number: int) -> str:
    """Name a part of a spool; parts are read in the order of their numbers."""
    return f"{number:06d}{SUFFIX}"


def fresh(item: str, suffix: str) -> Path:
    """Give a name in the lake that nothing has yet, of a kind that `lake_keeping` sweeps."""
    return directory() / f"{item}-{uuid4().hex}{suffix}"


def _spool_block(block: bytes, columns: tuple[LakeColumn, ...], part: Path) -> int:
    """Read what COPY sent, every column as text, and write it to a part of a spool; return the rows."""
    schema = {column.name: pl.String() for column in columns}
    frame = (
        pl.read_csv(BytesIO(block), has_header=False, schema=schema, null_values=[_NULL])
        if block
        else pl.DataFrame(schema=schema)
    )
    write_part(lake_columns.without_numbers(frame, columns), part)
    return frame.height


def _statement(
    item: str, columns: tuple[LakeColumn, ...], after: int, through: int, but: tuple[int, int]
) -> sql.Composed:
    fields = [sql.SQL("r.payload ->> {}").format(sql.Literal(name)) for name in lake_columns.fields(columns)]
    return sql.SQL(_ROWS).format(
        columns=sql.SQL(", ").join([sql.SQL(_OWN), *fields]),
        item=sql.Literal(item),
        after=sql.Literal(after),
        through=sql.Literal(through),
        first=sql.Literal(but[0]),
        last=sql.Literal(but[1]),
        null=sql.Literal(_NULL),
    )
