"""Parquet files of the lake: written beside, synced, renamed; counted only once the manifest lists them.

Rows leave PostgreSQL as text into a spool, a folder of Parquet parts with columns of text, and are typed and
sorted by DuckDB within a fixed share of memory. (A spool of CSV took most of that share for its parser alone,
and the sort of 200,000 rows had no room left.) Nothing here decides what counts: `lake_keeping` does, in its
transaction.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import duckdb
import polars as pl
from django.conf import settings
from django.db import connection
from psycopg import sql

from rongxin.records import lake_columns
from rongxin.records.errors import LaidAsideAmiss
from rongxin.records.lake_columns import LakeColumn

SUFFIX, PART, SPOOL = ".parquet", ".part", ".spool"
#: The column of a spool that names a row by its line in the batch.
LINE = "_line"
# No text that a department hands in holds a control character, so this one can stand for "nothing".
_NULL = "\x01"
_BLOCK = 8 << 20
_MEMORY = "192MB"
# Two of these, uncompressed, are held while rows are sorted: of wide rows 65,536 left the sort no memory.
_ROW_GROUP = 20_480
# Parts of a spool whose ids are held at once: a million rows.
_PARTS_AT_ONCE = 50
# Called with the rows written so far.
Progress = Callable[[int], None]

_ROWS = """
COPY (
    SELECT {columns} FROM records_record r
    WHERE r.item = {item} AND r.id > {after} AND r.id <= {through} AND r.ended_at IS NULL {which}
) TO STDOUT WITH (FORMAT csv, NULL {null})
"""
# The rows of a batch whose fields were laid aside while it was filed, and all the others.
_LAID_ASIDE = "AND r.batch_id = {batch} AND r.sealed IS NULL"
_NOT_LAID_ASIDE = "AND NOT (r.batch_id = {batch} AND r.sealed IS NULL)"
_OWN = "r.id, r.subject_id, r.observed_on, (r.filed_at AT TIME ZONE 'Asia/Shanghai')::date, r.provider"


@dataclass(frozen=True)
class Aside:
    """The fields of a batch's rows that `laid_aside` keeps, as parts of a spool; none of sealed rows."""

    batch_id: UUID
    parts: tuple[Path, ...]


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
    aside: Aside | None = None,
    progress: Progress | None = None,
) -> Written | None:
    """Write the live rows of an item with `after` < id <= `through` to a file; None where there are none.

    Fields that were laid `aside` are not read back from the table. Raises `LaidAsideAmiss`.
    """
    directory().mkdir(parents=True, exist_ok=True, mode=0o700)
    spool, part = fresh(item, SPOOL), fresh(item, PART)
    try:
        rows = draw(item, columns, spool, after=after, through=through, aside=aside, progress=progress)
        if aside is not None:
            rows += _add_laid_aside(item, spool, aside, after=after, through=through)
        if rows == 0:
            return None
        type_rows(spool, part, columns)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    final = part.with_suffix(SUFFIX)
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
    aside: Aside | None = None,
    progress: Progress | None = None,
) -> int:
    """Copy the rows as text into a new spool, numbers in words taken out; return how many.

    Rows whose fields were laid `aside` are left out.
    """
    which = sql.SQL(_NOT_LAID_ASIDE).format(batch=sql.Literal(aside.batch_id)) if aside else sql.SQL("")
    fields = [sql.SQL("r.payload ->> {}").format(sql.Literal(name)) for name in lake_columns.fields(columns)]
    statement = _statement(item, fields, which, after, through)

    def read(block: bytes) -> pl.DataFrame:
        return lake_columns.without_numbers(_read(block, [column.name for column in columns]), columns)

    return _spool(statement, read, spool, progress)


def _add_laid_aside(item: str, spool: Path, aside: Aside, *, after: int, through: int) -> int:
    """Add the rows whose fields were laid aside to a spool; return how many. Raises `LaidAsideAmiss`.

    The table gives what the lake has of its own, and the line that finds the fields.
    """
    which = sql.SQL(_LAID_ASIDE).format(batch=sql.Literal(aside.batch_id))
    ids, found = fresh(item, SPOOL), 0
    try:
        rows = _spool(_statement(item, [sql.SQL("r.line")], which, after, through), _read_ids, ids, None)
        known = pl.scan_parquet(sorted(ids.iterdir()))
        for at in range(0, len(aside.parts), _PARTS_AT_ONCE):
            group = aside.parts[at : at + _PARTS_AT_ONCE]
            lines = pl.scan_parquet(list(group)).select(first=pl.col(LINE).min(), last=pl.col(LINE).max())
            own = known.filter(pl.col(LINE).is_between(*lines.collect().row(0))).sort(LINE).collect()
            for part in group if own.height else ():
                frame = _put_together(own, pl.read_parquet(part))
                write_part(frame, spool / f"aside-{part.name}")
                found += frame.height
    finally:
        shutil.rmtree(ids, ignore_errors=True)
    if found != rows:
        raise LaidAsideAmiss(item, found, rows)
    return rows


def _read_ids(block: bytes) -> pl.DataFrame:
    """Read ids in a form of which many fit into memory."""
    return _read(block, [*lake_columns.OWN, LINE]).with_columns(
        pl.col("_id", "_subject", LINE).cast(pl.Int64),
        pl.col("_observed_on", "_filed_on").str.to_date("%Y-%m-%d"),
    )


def _put_together(own: pl.DataFrame, fields: pl.DataFrame) -> pl.DataFrame:
    """Find for each line of `fields` its row of `own`, which is sorted by lines; all as text again."""
    places = own[LINE].search_sorted(fields[LINE]).clip(upper_bound=own.height - 1)
    beside = own[places]
    both = pl.concat([beside.drop(LINE).cast(pl.String), fields.drop(LINE)], how="horizontal")
    return both.filter(beside[LINE] == fields[LINE])


def _spool(
    statement: sql.Composed,
    read: Callable[[bytes], pl.DataFrame],
    spool: Path,
    progress: Progress | None,
) -> int:
    """Copy what a statement gives into a new spool; return how many rows.

    A thread reads and writes one block while PostgreSQL sends the next.
    """

    def write(block: bytes, part: Path) -> int:
        frame = read(block)
        write_part(frame, part)
        return frame.height

    spool.mkdir(mode=0o700)
    writing: Future[int] | None = None
    rows = parts = 0
    with ThreadPoolExecutor(1, "lake") as writer:
        for block in _blocks(statement):
            # Waited for one block later: no more than two of them are ever held.
            rows += writing.result() if writing is not None else 0
            if progress is not None and parts:
                progress(rows)
            writing = writer.submit(write, block, spool / part_name(parts))
            parts += 1
        rows += writing.result() if writing is not None else 0
    if not parts:
        write(b"", spool / part_name(parts))
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


def write_part(frame: pl.DataFrame, part: Path) -> None:
    """Write a part of a spool."""
    frame.write_parquet(part, compression="lz4", statistics=False)


def part_name(number: int) -> str:
    """Name a part of a spool; parts are read in the order of their numbers."""
    return f"{number:06d}{SUFFIX}"


def fresh(item: str, suffix: str) -> Path:
    """Give a name in the lake that nothing has yet, of a kind that `lake_keeping` sweeps."""
    return directory() / f"{item}-{uuid4().hex}{suffix}"


def _read(block: bytes, names: list[str]) -> pl.DataFrame:
    """Read what COPY sent, every column as text."""
    schema = dict.fromkeys(names, pl.String)
    if not block:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(BytesIO(block), has_header=False, schema=schema, null_values=[_NULL])


def _statement(
    item: str, fields: Sequence[sql.Composable], which: sql.Composable, after: int, through: int
) -> sql.Composed:
    return sql.SQL(_ROWS).format(
        columns=sql.SQL(", ").join([sql.SQL(_OWN), *fields]),
        item=sql.Literal(item),
        after=sql.Literal(after),
        through=sql.Literal(through),
        which=which,
        null=sql.Literal(_NULL),
    )
