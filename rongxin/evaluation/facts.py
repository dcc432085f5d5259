"""The facts of a run: subjects, live rows and who answered, of one moment, laid out bucket by bucket.

A subject's own number is the whole number by which everything is joined. A bucket is a range of them, and
each item has a file a bucket, sorted by subject and date: so a bucket is scored in one statement and memory
is the same at any number of subjects.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
from django.conf import settings

from rongxin.catalogue import loader
from rongxin.evaluation import knowing, preparing
from rongxin.evaluation.compiling import Program
from rongxin.evaluation.errors import NothingToScore
from rongxin.evaluation.spans import Span
from rongxin.parties import populations
from rongxin.records import lake, lake_files, lake_sides
from rongxin.sharing import observations

#: About how many subjects a bucket has, unless a run is told how many buckets to make.
BUCKET_SUBJECTS = 250_000
SUBJECT = "subject"
_SUBJECT_COLUMNS = {
    "_subject": "INTEGER",
    "kind": "VARCHAR",
    "region": "VARCHAR",
    "industry": "VARCHAR",
    "size_class": "VARCHAR",
    "registration_status": "VARCHAR",
    "established_on": "DATE",
}
_ANSWERED_COLUMNS = {"item": "VARCHAR", "_subject": "INTEGER", "answered_on": "DATE"}
_SUBJECTS, _ANSWERED = "subjects.parquet", "answered.parquet"
_ROW_GROUP = 20_480
# Called with a word for what is being done, how far it is and how far it goes.
Progress = Callable[[str, int, int], None]


def folder_of(run: int) -> Path:
    """Where a run's facts lie until it is published."""
    return Path(settings.RONGXIN_VAR) / "evaluation" / f"run-{run}"


def prepare(
    folder: Path,
    program: Program,
    *,
    as_of: datetime,
    buckets: int | None,
    only: Sequence[int] | None,
    progress: Progress,
) -> list[Span]:
    """Lay down what a program reads of all subjects (or of `only` these) in `folder`; return the buckets.

    Raises `NothingToScore` and records.LakeDamaged. What lies in the folder already is cleared.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)

    def beside(duck: duckdb.DuckDBPyConnection, own: Path) -> None:
        _table(duck, own, folder / _SUBJECTS, _SUBJECT_COLUMNS, populations.registered(only), "_subject")
        answered = observations.draw(program.items, only, as_of=as_of)
        _table(duck, own, folder / _ANSWERED, _ANSWERED_COLUMNS, answered, "_subject, item")
        for item in program.items:
            if found := preparing.sides(item, program.reads[item]):
                drawn = lake_sides.draw(item, list(found.values()), preparing.BETWEEN_NAMES, only)
                columns = {"_id": "BIGINT", **dict.fromkeys(found, "BOOLEAN")}
                _table(duck, own, folder / _sides_of(item), columns, drawn, "_id")

    with lake.opened(*program.items, beside=beside) as duck:
        preparing.register(duck)
        spans = _spans(duck, folder / _SUBJECTS, buckets)
        views = (SUBJECT, *program.items)
        for done, view in enumerate(views):
            progress("准备数据 facts", done, len(views))
            (folder / view).mkdir()
            for span in spans:
                if view == SUBJECT:
                    _lay(duck, knowing.subjects(program, folder, span), folder / view, span, "_subject")
                else:
                    rows = _rows(program, view, span, folder, chosen=only is not None)
                    _lay(duck, rows, folder / view, span, "_subject, _observed_on, _id")
    progress("准备数据 facts", len(views), len(views))
    return spans


def sources(folder: Path, program: Program, span: Span) -> dict[str, Path]:
    """Return for each view that a program reads the file of a bucket."""
    return {view: folder / view / f"{span.number}.parquet" for view in (SUBJECT, *program.items)}


def _sides_of(item: str) -> str:
    return f"sides-{item}.parquet"


def _read(path: Path) -> str:
    return f"read_parquet({lake_files.literal(path)})"


def _table(
    duck: duckdb.DuckDBPyConnection,
    own: Path,
    target: Path,
    columns: dict[str, str],
    blocks: Iterator[bytes],
    order: str,
) -> None:
    """Write what PostgreSQL sends as CSV to a Parquet file."""
    drawn = own / f"{target.stem}.csv"
    with drawn.open("wb") as file:
        file.writelines(blocks)
    typed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    duck.execute(
        f"COPY (SELECT * FROM read_csv({lake_files.literal(drawn)}, header = false, auto_detect = false,"  # noqa: S608
        f" columns = {{{typed}}}) ORDER BY {order})"
        f" TO {lake_files.literal(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
    )
    drawn.unlink()


def _spans(duck: duckdb.DuckDBPyConnection, subjects: Path, buckets: int | None) -> list[Span]:
    (total,) = duck.execute(f"SELECT count(*) FROM {_read(subjects)}").fetchall()[0]  # noqa: S608
    if not total:
        raise NothingToScore("没有已登记的信息主体可评价 no registered subject yet: hand in business_licence")
    wanted = buckets or -(-total // BUCKET_SUBJECTS)
    size = -(-total // min(wanted, total))
    rows = duck.execute(
        "SELECT place // ? AS bucket, min(_subject), max(_subject), count(*) FROM"  # noqa: S608
        f" (SELECT _subject, row_number() OVER (ORDER BY _subject) - 1 AS place FROM {_read(subjects)})"
        " GROUP BY bucket ORDER BY bucket",
        [size],
    ).fetchall()
    return [Span(*row) for row in rows]


def _rows(program: Program, item: str, span: Span, folder: Path, *, chosen: bool) -> str:
    """Select what a program reads of an item's rows. What is published no longer is used no more (令36号)."""
    until = loader.load().item(item).published_until
    columns = [preparing.column(name) for name in program.reads[item] if name != "_subject"]
    published = f'AND ("{until}" IS NULL OR "{until}" >= DATE \'{program.as_of}\')' if until else ""
    mine = f"AND _subject IN (SELECT _subject FROM {_read(folder / _SUBJECTS)})" if chosen else ""  # noqa: S608
    beside = preparing.sides(item, program.reads[item])
    join = f"LEFT JOIN {_read(folder / _sides_of(item))} side USING (_id)" if beside else ""
    return (
        f"SELECT {', '.join(['CAST(_subject AS INTEGER) AS _subject', *columns])}"  # noqa: S608
        f' FROM "{item}" {join} WHERE _subject BETWEEN {span.first} AND {span.last} {mine} {published}'
    )


def _lay(duck: duckdb.DuckDBPyConnection, select: str, folder: Path, span: Span, order: str) -> None:
    duck.execute(
        f"COPY ({select} ORDER BY {order}) TO {lake_files.literal(folder / f'{span.number}.parquet')}"
        f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
    )
