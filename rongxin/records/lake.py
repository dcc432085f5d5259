"""Read sets of facts: the live rows of items as DuckDB views, of one moment (docs/decisions/0007).

Only rooms that compute over sets may import this module (import contract `lake`); what they make leaves as a
derived item or a suppressed statistic, through the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from rongxin.catalogue import loader
from rongxin.records import lake_columns, lake_files
from rongxin.records.errors import LakeDamaged
from rongxin.records.lake_keeping import snapshot
from rongxin.records.models import LakeEnding, LakeFile, LakeMark

#: Reads more of the same moment from the database: given the engine, and a folder that is deleted at the end.
Beside = Callable[[duckdb.DuckDBPyConnection, Path], None]


@contextmanager
def opened(*items: str, beside: Beside | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the live rows of these items, each as a view of its name, as they stand now.

    A view has the item's fields (typed; nothing sensitive, no source column) and `_id`, `_subject`,
    `_observed_on`, `_filed_on`, `_provider`. All views show the same moment: what ended a second ago is gone,
    and what was filed a second ago is there, whether or not a file holds it; `beside` reads in the same
    snapshot. Needs to be called outside of a transaction. Raises `LakeDamaged`.
    """
    lake_files.directory().mkdir(parents=True, exist_ok=True, mode=0o700)
    with lake_files.engine() as duck, TemporaryDirectory(dir=lake_files.directory(), prefix="reader-") as own:
        with snapshot():
            for item in items:
                view(duck, item, Path(own))
            if beside is not None:
                beside(duck, Path(own))
        yield duck


def relation(duck: duckdb.DuckDBPyConnection, item: str) -> duckdb.DuckDBPyRelation:
    """Return an item's rows out of what `opened` gave."""
    return duck.table(item)


def view(duck: duckdb.DuckDBPyConnection, item: str, own: Path) -> None:
    """Put together what counts: listed files less what ended, and the table's rows beyond the mark."""
    columns = lake_columns.of(loader.load().item(item))
    shape = lake_columns.shape(loader.load().item(item))
    listed = dict(LakeFile.objects.filter(item=item).values_list("name", "shape"))
    mark = LakeMark.objects.filter(item=item).values_list("through_id", flat=True).first() or 0
    if any(known != shape for known in listed.values()):
        listed, mark = {}, 0  # the catalogue has changed and the worker has not been here yet
    ended, gone = own / f"{item}.ended.parquet", LakeEnding.objects.filter(item=item)
    ids = list(gone.values_list("record_id", flat=True)) if listed else []
    pl.DataFrame({"record_id": ids}, schema={"record_id": pl.Int64}).write_parquet(ended)
    tail = lake_files.read(item, columns, own / item, after=mark)
    files = [lake_files.directory() / name for name in listed]
    _there(files)
    names = ", ".join(f'"{column.name}"' for column in columns)
    listing = ", ".join(lake_files.literal(path) for path in [*files, *tail])
    duck.execute(
        f'CREATE TEMP VIEW "{item}" AS SELECT {names} FROM read_parquet([{listing}]) rows'  # noqa: S608
        f" WHERE NOT EXISTS (SELECT 1 FROM read_parquet({lake_files.literal(ended)}) gone"
        ' WHERE gone.record_id = rows."_id")'
    )


def _there(files: list[Path]) -> None:
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        raise LakeDamaged(missing)
