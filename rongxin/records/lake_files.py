"""Parquet files of the lake: written beside, synced, renamed; counted only once the manifest lists them.

Rows leave PostgreSQL as text into a spool; DuckDB types and sorts them within a fixed share of memory, a file
for every lot. (A spool of CSV took most of that share for its parser alone, and the sort of 200,000 rows had
no room left.) Nothing here decides what counts: `lake_keeping` does, in its transaction.
"""

from __future__ import annotations

import os
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
from rongxin.records.lake_spool import SUFFIX, Lot, Spool

PART, SPOOL = ".part", ".spool"
#: The column of a spool that names a row by its line in the batch, where its id is made of it.
LINE = "_line"
LAST_ID = 2**63 - 1
# No text that a department hands in holds a control character, so this one can stand for "nothing".
_NULL = "\x01"
_BLOCK = 8 << 20
_MEMORY = "192MB"
_GROUP_ROWS = 20_480
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
    """A whole file: as `part` until it is put where `name` says. A `full` one could hold no more."""

    part: Path
    rows: int
    sha256: str
    size_bytes: int
    full: bool

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
) -> list[Prepared]:
    """Write the live rows of an item with `after` < id <= `through` to files; to none where there are none.

    Rows of the ids `but` (the first and the last) are left out where nothing of them is sealed.
    """
    directory().mkdir(parents=True, exist_ok=True, mode=0o700)
    spool = Spool(fresh(item, SPOOL))
    try:
        rows = draw(item, columns, spool, after=after, through=through, but=but, progress=progress)
        return [put(made) for made in prepare(item, spool, columns)] if rows else []
    finally:
        spool.clear()


def read(item: str, columns: tuple[LakeColumn, ...], folder: Path, *, after: int) -> list[Path]:
    """Read the live rows of an item with `after` < id into files of the reader's own; one file at least."""
    spool, files = Spool(folder / "text"), []
    draw(item, columns, spool, after=after, through=LAST_ID)
    for number, lot in enumerate(spool.lots()):
        files.append(folder / f"{number:06d}{SUFFIX}")
        type_rows(lot, files[-1], columns)
    spool.clear()
    return files


def put_together(
    item: str,
    columns: tuple[LakeColumn, ...],
    files: Sequence[Path],
    *,
    gone: Sequence[int] = (),
    progress: Progress | None = None,
) -> list[Prepared]:
    """Write the rows of files to fewer, without those of the ids `gone`; to none where none is left."""
    spool = Spool(fresh(item, SPOOL))
    try:
        for file in files:
            spool.add(_texts(item, file, columns, gone))
            if progress is not None:
                progress(spool.rows)
        return [put(made) for made in prepare(item, spool, columns)] if spool.rows else []
    finally:
        spool.clear()


def id_range(files: Sequence[Path]) -> tuple[int, int]:
    """Return the first and the last id that stands in files."""
    with engine() as duck:
        given = {"files": [str(file) for file in files]}
        asked = duck.execute('SELECT min("_id"), max("_id") FROM read_parquet($files)', given)
        first, last = asked.fetchone() or (0, 0)
    return int(first), int(last)


def standing(files: Sequence[Path], ids: Sequence[int]) -> list[int]:
    """Return those of these ids that stand in files."""
    with engine() as duck:
        found = duck.execute(
            'SELECT "_id" FROM read_parquet($files) WHERE "_id" IN (SELECT unnest($ids::BIGINT[]))',
            {"files": [str(file) for file in files], "ids": list(ids)},
        ).fetchall()
    return [row[0] for row in found]


def prepare(
    item: str,
    spool: Spool,
    columns: tuple[LakeColumn, ...],
    *,
    own: Mapping[str, str] | None = None,
    without: Sequence[int] = (),
) -> list[Prepared]:
    """Make the files of spooled text; `own` and `without` as in `type_rows`."""
    made: list[Prepared] = []
    part = fresh(item, PART)
    try:
        for lot in spool.lots():
            part = fresh(item, PART)
            rows = type_rows(lot, part, columns, own=own, without=without)
            made.append(Prepared(part, rows, digest_of(part), part.stat().st_size, lot.full))
    except BaseException:
        for whole_or_not in (part, *(prepared.part for prepared in made)):
            whole_or_not.unlink(missing_ok=True)
        raise
    return made


def put(prepared: Prepared) -> Prepared:
    """Give a file its final name; return it."""
    publish(prepared.part, prepared.part.with_name(prepared.name))
    return prepared


def draw(
    item: str,
    columns: tuple[LakeColumn, ...],
    spool: Spool,
    *,
    after: int,
    through: int,
    but: tuple[int, int] | None = None,
    progress: Progress | None = None,
) -> int:
    """Copy the rows as text into a spool, numbers in words taken out; return how many.

    A thread cleans and writes one block while PostgreSQL sends the next.
    """
    writing: Future[None] | None = None
    with ThreadPoolExecutor(1, "lake") as writer:
        for block in _blocks(_statement(item, columns, after, through, but or (0, 0))):
            if writing is not None:
                writing.result()  # waited for one block later: no more than two of them are ever held
                if progress is not None:
                    progress(spool.rows)
            writing = writer.submit(_spool_block, block, columns, spool)
        if writing is not None:
            writing.result()
    if spool.is_empty:
        _spool_block(b"", columns, spool)
    elif progress is not None:
        progress(spool.rows)
    return spool.rows


def type_rows(
    lot: Lot,
    target: Path,
    columns: tuple[LakeColumn, ...],
    *,
    own: Mapping[str, str] | None = None,
    without: Sequence[int] = (),
) -> int:
    """Make a Parquet file of a lot: every column typed, rows by subject and date; return how many.

    `own` gives columns that the spool has not, as SQL; rows of the lines `without` are left out.
    """
    cast = ", ".join(column.typed((own or {}).get(column.name, "")) for column in columns)
    given: dict[str, object] = {"parts": [str(part) for part in lot.parts]}
    which = ""
    if without:
        which, given["without"] = f'WHERE "{LINE}" NOT IN (SELECT unnest($without))', list(without)
    with engine() as duck:
        (rows,) = duck.execute(
            f"COPY (SELECT {cast} FROM read_parquet($parts) {which}"  # noqa: S608
            ' ORDER BY "_subject", "_observed_on", "_id")'
            f" TO {literal(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {lot.row_group})",
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


def fresh(item: str, suffix: str) -> Path:
    """Give a name in the lake that nothing has yet, of a kind that `lake_keeping` sweeps."""
    return directory() / f"{item}-{uuid4().hex}{suffix}"


def _texts(item: str, file: Path, columns: tuple[LakeColumn, ...], gone: Sequence[int]) -> pl.DataFrame:
    """Read a file's rows as the text that they were typed from."""
    cast = ", ".join(column.as_text() for column in columns)
    part = fresh(item, PART)
    try:
        with engine() as duck:
            duck.execute(
                f"COPY (SELECT {cast} FROM read_parquet($file)"  # noqa: S608
                ' WHERE "_id" NOT IN (SELECT unnest($gone::BIGINT[])))'
                f" TO {literal(part)} (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE {_GROUP_ROWS})",
                {"file": str(file), "gone": list(gone)},
            )
        return pl.read_parquet(part, memory_map=False)
    finally:
        part.unlink(missing_ok=True)


def _spool_block(block: bytes, columns: tuple[LakeColumn, ...], spool: Spool) -> None:
    """Read what COPY sent, every column as text, and lay it down."""
    schema = {column.name: pl.String() for column in columns}
    frame = (
        pl.read_csv(BytesIO(block), has_header=False, schema=schema, null_values=[_NULL])
        if block
        else pl.DataFrame(schema=schema)
    )
    spool.add(lake_columns.without_numbers(frame, columns))


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
