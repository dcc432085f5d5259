"""The engine that carries out a program on one bucket: DuckDB on one machine, Spark when that is outgrown.

Both read the same files and give the same bytes. What leaves an engine is CSV, one line a subject, in the
order of subjects: number, the columns of `RESULT`, inputs, SHA-256 of the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from rongxin.evaluation import facts, one_machine
from rongxin.evaluation.compiling import Dialect, Program
from rongxin.evaluation.spans import Span
from rongxin.records import lake_files

#: The columns of a program's result that are the score itself; all others are its inputs.
RESULT = ("score", "grade", "public_grade", "coverage", "confidence", "vetoes")
#: What of a subject itself a score is computed from.
ABOUT = ("kind", "industry", "size_class", "known")
_DIALECTS: dict[str, Dialect] = {"duckdb": "duckdb", "spark": "spark"}


@dataclass(frozen=True)
class Scored:
    """The scores of one bucket, in a file that is deleted once they are committed."""

    path: Path


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
            f"COPY ({lines(self._program)} ORDER BY _subject)"
            f" TO {lake_files.literal(path)} (FORMAT csv, HEADER false)"
        )
        return Scored(path)


def dialect(engine: str) -> Dialect:
    """Return in whose words a program is written for an engine."""
    return _DIALECTS[engine]


def lines(program: Program) -> str:
    """Return the SELECT of what is kept of each subject, inputs as a JSON list in the program's order."""
    result = ", ".join(f'scored."{name}"' for name in RESULT)
    inputs = ", ".join(told(program))
    return (
        f"SELECT _subject, {', '.join(RESULT)}, inputs, sha256(inputs) FROM"  # noqa: S608
        f" (SELECT scored._subject, {result}, CAST(json_array({inputs}) AS VARCHAR) AS inputs"
        f" FROM {beside(program)}) AS told"
    )


def beside(program: Program) -> str:
    """Write the scores beside their subjects."""
    return f"({program.sql}) AS scored JOIN subject ON subject._subject = scored._subject"


def told(program: Program, quote: str = '"') -> list[str]:
    """Write the columns of `inputs_of`, in that order."""
    return [f"{'subject' if name in ABOUT else 'scored'}.{quote}{name}{quote}" for name in inputs_of(program)]


def inputs_of(program: Program) -> tuple[str, ...]:
    """Name what a score is computed from and told with, in the order in which it is kept: of the subject, of
    the facts, of each source its newest day.
    """
    return (*ABOUT, *(name for name in program.columns if name not in ("_subject", *RESULT)))
