"""The engine that carries out a program on one bucket: DuckDB on one machine, Spark when that is outgrown.

Both read the same files and give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import duckdb

from rongxin.evaluation import facts, lines, one_machine
from rongxin.evaluation.compiling import Dialect, Program
from rongxin.evaluation.lines import Scored
from rongxin.evaluation.spans import Span
from rongxin.records import lake_files

_DIALECTS: dict[str, Dialect] = {"duckdb": "duckdb", "spark": "spark"}


class Engine(Protocol):
    def score(self, span: Span) -> Scored: ...


@contextmanager
def opened(name: str, program: Program, folder: Path) -> Iterator[Engine]:
    """Open an engine over the facts in `folder`: `duckdb` or `spark`."""
    if name == "spark":
        from rongxin.evaluation import spark  # noqa: PLC0415 - an extra that most nodes don't have

        with spark.opened(program, folder) as engine:
            yield engine
    else:
        with one_machine.connected(folder) as duck:
            yield _DuckDb(duck, program, folder)


class _DuckDb:
    def __init__(self, duck: duckdb.DuckDBPyConnection, program: Program, folder: Path) -> None:
        self._duck, self._program, self._folder = duck, program, folder

    def score(self, span: Span) -> Scored:
        """Score a bucket in one statement."""
        for view, file in facts.sources(self._folder, self._program, span).items():
            source = f"SELECT * FROM read_parquet({lake_files.literal(file)})"  # noqa: S608
            self._duck.execute(f'CREATE OR REPLACE TEMP VIEW "{view}" AS {source}')
        path = self._folder / f"scored-{span.number}.csv"
        self._duck.execute(
            f"COPY ({lines.of(self._program)} ORDER BY _subject)"
            f" TO {lake_files.literal(path)} (FORMAT csv, HEADER false)"
        )
        return Scored(path)


def dialect(engine: str) -> Dialect:
    """Return in whose words a program is written for an engine."""
    return _DIALECTS[engine]
