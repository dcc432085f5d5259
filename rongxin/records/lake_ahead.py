"""A batch's lake file, made while PostgreSQL inserts the batch (docs/decisions/0055).

What the lake holds of a row is at hand while the batch is staged, and is laid aside as text. The rows' ids
are given before they are inserted, so the file is typed and sorted on the core that is idle meanwhile; once
the batch is committed, `lake_keeping.take_up` lists it. Nothing rests on it: where there is none (a kill, a
small batch, ids that others took between) the keeper reads the table.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import polars as pl
from django.db import connection

from rongxin.catalogue import loader
from rongxin.records import lake_columns, lake_files
from rongxin.records.lake_spool import Spool

log = logging.getLogger(__name__)

_TAKE_IDS = """
SELECT min(id), max(id) FROM (SELECT nextval('records_record_id_seq') id FROM generate_series(1, %s)) taken
"""
# Fewer rows are read back from the table as quickly; and so many are a part.
_LEAST = 10_000


@dataclass(frozen=True)
class Ids:
    """The ids of a batch's rows, and of nothing else."""

    first: int
    last: int


@dataclass(frozen=True)
class Ahead:
    """The files that hold the live rows with one of `ids` of which nothing is sealed."""

    ids: Ids
    files: list[lake_files.Prepared]


class LakeAhead:
    """The lake file of one batch, from its first row on."""

    _spool: Spool
    _waiting: list[pl.DataFrame]
    _rows: int
    _lines: tuple[int, int]  # the first and the last
    _given_up: bool
    _making: Future[list[lake_files.Prepared]] | None
    _ids: Ids | None

    def __init__(self, item: str, batch_id: UUID) -> None:
        self.item = item
        self._batch_id = batch_id
        self._columns = lake_columns.of(loader.load().item(item))
        self._forget()

    def add(self, rows: pl.DataFrame, values: pl.DataFrame | None) -> None:
        """Lay rows aside, but those with something `sealed`: so no number stands in the words of the others.

        `values` are the same rows, a column for every field that the batch has, in stored form.
        """
        if self._given_up:
            return
        if values is None:
            self._give_up()
            return
        first, last = int(rows["line"].min()), int(rows["line"].max())  # type: ignore[arg-type]
        self._lines = (min(self._lines[0], first), max(self._lines[1], last))
        self._rows += rows.height
        clear, nothing = rows["sealed"].is_null(), pl.lit(None, dtype=pl.String)
        fields = [
            (pl.col(name).cast(pl.String) if name in values.columns else nothing).alias(name)
            for name in lake_columns.fields(self._columns)
        ]
        own = rows.select(
            pl.col("line").alias(lake_files.LINE),
            pl.col("subject_id").alias("_subject"),
            pl.col("observed_on").cast(pl.String).alias("_observed_on"),
        )
        both = pl.concat([own, values.select(fields)], how="horizontal")
        self._waiting.append(both.filter(clear))
        if sum(frame.height for frame in self._waiting) >= _LEAST:
            self._write_part()

    def begin(self, found: int, *, provider: str, filed_on: date) -> int | None:
        """Give the rows their ids, and begin to make the file of those that are inserted.

        `found` rows are not, as `filing_finding` says. Returns what a row's id is beyond its line, or None
        where each row takes the next id: of few rows, of those that the store holds mostly, and where others
        took ids between. Call it under the settling lock, with which `filing.settled_through` reckons.
        """
        if self._waiting and not self._spool.is_empty:
            self._write_part()
        if self._spool.is_empty or 2 * found > self._rows:
            return None
        first_line, last_line = self._lines
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_IDS, [last_line - first_line + 1])
            first, last = cursor.fetchone()
            if last - first != last_line - first_line:
                return None
            cursor.execute("SELECT line FROM filing_finding")
            without = [line for (line,) in cursor.fetchall()]
        self._ids = Ids(first, last)
        beyond_line = int(first - first_line)
        own = {
            "_id": f'"{lake_files.LINE}" + {beyond_line}',
            "_filed_on": f"DATE '{filed_on.isoformat()}'",
            "_provider": lake_files.literal(provider),
        }
        thread = ThreadPoolExecutor(1, "lake-ahead")
        self._making = thread.submit(
            lake_files.prepare, self.item, self._spool, self._columns, own=own, without=without
        )
        thread.shutdown(wait=False)  # it ends with its one task
        return beyond_line

    def finished(self) -> Ahead | None:
        """Wait for the file; None where none was begun. Raises what kept it from being made."""
        if self._making is None or self._ids is None:
            return None
        return Ahead(self._ids, self._making.result())

    def clear(self) -> None:
        """Remove what lies here: the batch is filed and its file listed, or it is tried again."""
        if self._making is not None:
            with suppress(Exception):  # said by `finished`, or of an attempt that counts no more
                for made in self._making.result():
                    made.part.unlink(missing_ok=True)
        self._spool.clear()
        self._forget()

    def _forget(self) -> None:
        self._spool = Spool(lake_files.fresh(self.item, lake_files.SPOOL))
        self._waiting = []
        self._rows = 0
        self._lines = (sys.maxsize, 0)
        self._given_up = False
        self._making = None
        self._ids = None

    def _give_up(self) -> None:
        self.clear()
        self._given_up = True

    def _write_part(self) -> None:
        """Write a part. A disk that takes none keeps no batch from being filed: the worker will write."""
        try:
            self._spool.add(pl.concat(self._waiting))
        except (OSError, pl.exceptions.PolarsError):
            log.exception("batch %s: its lake file is left to the worker", self._batch_id)
            self._give_up()
            return
        self._waiting.clear()


@contextmanager
def of(item: str, batch_id: UUID) -> Iterator[LakeAhead]:
    """Make a batch's file ahead as long as the `with` block lasts."""
    ahead = LakeAhead(item, batch_id)
    try:
        yield ahead
    finally:
        ahead.clear()
