"""The fields of a batch's rows, laid aside while it is filed: its lake file need not read them back.

A batch and a line name what a row says for ever, so the lake takes the ids from the table and the fields
from here. What is laid aside lives as long as the attempt to file the batch; without it (a kill, a small
batch, rows that hold something sealed) the keeper reads the table (docs/decisions/0055).
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import polars as pl

from rongxin.catalogue import loader
from rongxin.records import lake_columns, lake_files

log = logging.getLogger(__name__)

# Fewer rows are read back from the table as quickly; and so many are a part.
_LEAST = 20_000


class LaidAside:
    """What is laid aside of one batch: lines, and the lake's fields as text."""

    def __init__(self, item: str, batch_id: UUID) -> None:
        self.item = item
        self._batch_id = batch_id
        self._fields = lake_columns.fields(lake_columns.of(loader.load().item(item)))
        self._folder = lake_files.fresh(item, lake_files.SPOOL)
        self._waiting: list[pl.DataFrame] = []
        self._parts = 0
        self._given_up = False

    def clear(self) -> None:
        """Forget it all: the batch is filed, or tried again from its beginning."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._waiting.clear()
        self._parts = 0

    def add(self, lines: pl.Series, values: pl.DataFrame) -> None:
        """Lay rows aside of which nothing is sealed, so that no number stands in their words.

        `values` has a column for every field that the batch has, in stored form.
        """
        if self._given_up:
            return
        nothing = pl.lit(None, dtype=pl.String)
        fields = {
            name: pl.col(name).cast(pl.String) if name in values.columns else nothing for name in self._fields
        }
        self._waiting.append(values.select(lines.alias(lake_files.LINE), **fields))
        if sum(frame.height for frame in self._waiting) >= _LEAST:
            self._write()

    def whole(self) -> lake_files.Aside | None:
        """What lies here, once the batch is read; None where it is too little."""
        if self._parts and self._waiting:
            self._write()
        if not self._parts:
            return None
        return lake_files.Aside(self._batch_id, tuple(sorted(self._folder.iterdir())))

    def _write(self) -> None:
        """Write a part. A disk that takes none keeps no batch from being filed: the worker will write."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lake_files.write_part(pl.concat(self._waiting), self._folder / lake_files.part_name(self._parts))
        except (OSError, pl.exceptions.PolarsError):
            log.exception("batch %s: its lake file is left to the worker", self._batch_id)
            self.clear()
            self._given_up = True
            return
        self._waiting.clear()
        self._parts += 1


@contextmanager
def of(item: str, batch_id: UUID) -> Iterator[LaidAside]:
    """Lay a batch's fields aside as long as the `with` block lasts."""
    aside = LaidAside(item, batch_id)
    try:
        yield aside
    finally:
        aside.clear()
