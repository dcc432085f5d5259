"""A directory of CSV files, in an encoding of their own, or of Parquet files."""

from __future__ import annotations

import codecs
import csv
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from rongxin.exchange.subjects import Key
from rongxin.gateway.config import Mapped
from rongxin.gateway.errors import SourceFailed
from rongxin.gateway.sources.source import Found

_LOOK_EVERY = 5000


class Files:
    def __init__(self, directory: Path, *, seconds: float) -> None:
        self._directory, self._seconds = directory, seconds

    def rows(self, mapped: Mapped, subject: Mapping[Key, str], *, most: int) -> Iterator[Found]:
        # The number of a meter narrows where it is given; nobody has a contract without one.
        known = {key: value for key, value in subject.items() if value or key is not Key.METER}
        wanted = {mapped.find[key]: value for key, value in known.items()}
        missing = set(wanted) - self.columns(mapped)
        if missing:
            raise SourceFailed(f"{mapped.file}: 没有列 no column {'、'.join(sorted(missing))}")
        found = _parquet if mapped.file.endswith(".parquet") else self._csv
        yield from found(self._directory / mapped.file, mapped, wanted, most)

    def columns(self, mapped: Mapped) -> frozenset[str]:
        path = self._directory / mapped.file
        try:
            if mapped.file.endswith(".parquet"):
                return _parquet_columns(path)
            with path.open(encoding=_encoding(mapped), newline="") as file:
                return frozenset(csv.DictReader(file).fieldnames or ())
        except (OSError, UnicodeError, LookupError, csv.Error) as error:
            raise SourceFailed(f"{mapped.file}: {error}") from error

    def close(self) -> None:
        return None

    def _csv(self, path: Path, mapped: Mapped, wanted: Mapping[str, str], most: int) -> Iterator[Found]:
        until, given = time.monotonic() + self._seconds, 0
        try:
            with path.open(encoding=_encoding(mapped), newline="") as file:
                for number, row in enumerate(csv.DictReader(file, strict=True)):
                    if number % _LOOK_EVERY == 0 and time.monotonic() > until:
                        raise SourceFailed(f"{path.name}: {self._seconds:g} 秒内未读完 not read in time")
                    if all((row[column] or "").strip() == value for column, value in wanted.items()):
                        yield row
                        given += 1
                        if given == most:
                            return
        except (OSError, UnicodeError, csv.Error) as error:
            raise SourceFailed(f"{path.name}: {error}") from error


def _encoding(mapped: Mapped) -> str:
    """The encoding to read by; what a spreadsheet saves as UTF-8 begins with a mark that is no column's."""
    name = codecs.lookup(mapped.encoding).name
    return "utf-8-sig" if name == "utf-8" else name


def _parquet_columns(path: Path) -> frozenset[str]:
    import duckdb  # noqa: PLC0415 - large, and most gateways read no Parquet

    try:
        with duckdb.connect() as base:
            return frozenset(base.read_parquet(str(path)).columns)
    except duckdb.Error as error:
        raise SourceFailed(f"{path.name}: {error}") from error


def _parquet(path: Path, _mapped: Mapped, wanted: Mapping[str, str], most: int) -> Iterator[Found]:
    import duckdb  # noqa: PLC0415 - as above

    where = " AND ".join(f"CAST({_quoted(column)} AS VARCHAR) = ?" for column in wanted)
    statement = f"SELECT * FROM read_parquet(?) WHERE {where} LIMIT {most:d}"  # noqa: S608 - names are quoted
    try:
        with duckdb.connect() as base:
            base.execute("SET enable_progress_bar_print = false")  # a server's output is its log
            result = base.execute(statement, [str(path), *wanted.values()])
            names = [column[0] for column in result.description or ()]
            for values in result.fetchall():
                yield dict(zip(names, values, strict=True))
    except duckdb.Error as error:
        raise SourceFailed(f"{path.name}: {error}") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
