"""Parquet files of the lake: written beside, synced, renamed; counted only once the manifest lists them.

Rows leave PostgreSQL as text into a spool, a folder of Parquet parts with columns of text, and are typed and
sorted by DuckDB within a fixed share of memory. (A spool of CSV took most of that share for its parser alone,
and the sort of 200,000 rows had no room left.) Nothing here decides what counts: `lake_keeping` does, in its
transaction.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
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
) TO STDOUT WITH (FORMAT csv, NULL {null})
"""
_OWN = "r.id, r.subject_id, r.observed_on, (r.filed_at AT TIME ZONE 'Asia/Shanghai')::date, r.provider"


@dataclass(frozen=True)
class Written:
    """A file that is on disk under its final name."""

    name: str
    rows: int
    sha256: str
    size_bytes: int


def directory() -> Path:
    """Where the lake lies."""
    return Path(settings.RONGXIN_VAR) / "lake"


def write(
    item: str,
    columns: tuple[LakeColumn, ...],
    *,
    after: int,
    through: int,
    progress: Progress | None = None,
) -> Written | None:
    """Write the live rows of an item with `after` < id <= `through` to a file; None where there are none."""
    directory().mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = f"{item}-{uuid4().hex}"
    spool, part = directory() / f"{stem}{SPOOL}", directory() / f"{stem}{PART}"
    try:
        rows = draw(item, columns, spool, after=after, through=through, progress=progress)
        if rows == 0:
            return None
        type_rows(spool, part, columns)
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    final = directory() / f"{stem}{SUFFIX}"
    written = Written(final.name, rows, digest_of(part), part.stat().st_size)
    publish(part, final)
    return written


def draw(
    item: str,
    columns: tuple[LakeColumn, ...],
    spool: Path,
    *,
    after: int,
    through: int,
    progress: Progress | None = None,
) -> int:
    """Copy the rows as text into a new spool, numbers in words taken out; return how many.

    A thread cleans and writes one block while PostgreSQL sends the next.
    """
    spool.mkdir(mode=0o700)
    writing: Future[int] | None = None
    rows = parts = 0
    with ThreadPoolExecutor(1, "lake") as writer:
        for block in _blocks(_statement(item, columns, after, through)):
            # Waited for one block later: no more than two of them are ever held.
            rows += writing.result() if writing is not None else 0
            if progress is not None and parts:
                progress(rows)
            writing = writer.submit(_write_part, block, columns, spool / f"{parts:06d}{SUFFIX}")
            parts += 1
        rows += writing.result() if writing is not None else 0
    if not parts:
        _write_part(b"", columns, spool / f"{parts:06d}{SUFFIX}")
    elif progress is not None:
        progress(rows)
    return rows


def type_rows(spool: Path, target: Path, columns: tuple[LakeColumn, ...]) -> None:
    """Make a Parquet file of spooled text: every column typed, rows by subject and date."""
    cast = ", ".join(
        f"""from_json("{c.name}", '["VARCHAR"]') AS "{c.name}\""""
        if c.sql_type == "VARCHAR[]"
        else f'CAST("{c.name}" AS {c.sql_type}) AS "{c.name}"'
        for c in columns
    )
    with engine() as duck:
        duck.execute(
            f"COPY (SELECT {cast} FROM read_parquet(?)"  # noqa: S608
            f' ORDER BY "_subject", "_observed_on", "_id")'
            f" TO {literal(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})",
            [[str(part) for part in sorted(spool.iterdir())]],
        )


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
    try:
        yield duck
    finally:
        duck.close()


def literal(path: Path) -> str:
    """Write a path as an SQL literal, where DuckDB takes no parameter."""
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


def _write_part(block: bytes, columns: tuple[LakeColumn, ...], part: Path) -> int:
    """Write what COPY sent as a part of a spool, every column text; return its rows."""
    names = [column.name for column in columns]
    schema = dict.fromkeys(names, pl.String)
    frame = (
        pl.read_csv(BytesIO(block), has_header=False, schema=schema, null_values=[_NULL])
        if block
        else pl.DataFrame(schema=schema)
    )
    lake_columns.without_numbers(frame, columns).write_parquet(part, compression="lz4", statistics=False)
    return frame.height


def _statement(item: str, columns: tuple[LakeColumn, ...], after: int, through: int) -> sql.Composed:
    fields = [
        sql.SQL("r.payload ->> {}").format(sql.Literal(column.name))
        for column in columns[len(lake_columns.OWN) :]
    ]
    return sql.SQL(_ROWS).format(
        columns=sql.SQL(", ").join([sql.SQL(_OWN), *fields]),
        item=sql.Literal(item),
        after=sql.Literal(after),
        through=sql.Literal(through),
        null=sql.Literal(_NULL),
    )
