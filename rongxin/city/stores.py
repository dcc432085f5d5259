"""The stores that stay with the providers (附件, 接口调用 and 数据核验): SQLite databases and CSV files.

`stores/<provider>.yaml` says how a provider names its tables and columns; a copy goes beside each store and
is what a connector reads. Values are spelled as that provider spells them.
"""

from __future__ import annotations

import csv
import shutil
import sqlite3
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol

import yaml

from rongxin.catalogue.schema import Item
from rongxin.city import channels, manifest
from rongxin.city.facts.rows import Row
from rongxin.city.manifest import Store
from rongxin.city.spelling import Cell, spell
from rongxin.city.words import NOTICE

_DESCRIPTIONS = Path(__file__).parent / "stores"
#: Rows a table waits for before it writes; the order of a database's pages follows from it.
_AT_ONCE = 500
_NUMBERS = ("money_cny", "money_10k_cny", "quantity", "percentage", "integer", "year")


class Table(Protocol):
    """Where rows of one item go."""

    def write(self, row: list[Cell]) -> None: ...

    def close(self) -> None: ...


class SqliteTable:
    def __init__(self, base: sqlite3.Connection, item: Item, entry: Mapping[str, Any]) -> None:
        types = {field.name: field.type for field in item.fields}
        columns = ", ".join(
            f'"{column}" {"NUMERIC" if types.get(field) in _NUMBERS else "TEXT"}'
            for field, column in entry["columns"].items()
        )
        self._base, self._table, self._subject = base, entry["table"], entry["subject"]
        base.execute(f'CREATE TABLE "{self._table}" ({columns})')
        marks = ", ".join("?" * len(entry["columns"]))
        self._insert = f'INSERT INTO "{self._table}" VALUES ({marks})'  # noqa: S608
        self._rows: list[list[Cell]] = []

    def write(self, row: list[Cell]) -> None:
        self._rows.append(row)
        if len(self._rows) == _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        self._base.executemany(self._insert, self._rows)
        self._rows.clear()

    def close(self) -> None:
        self._flush()
        by = ", ".join(f'"{column}"' for column in self._subject.values())
        self._base.execute(f'CREATE INDEX "i_{self._table}" ON "{self._table}" ({by})')


class CsvTable:
    def __init__(self, folder: Path, entry: Mapping[str, Any], encoding: str) -> None:
        self._file: IO[str] = (folder / entry["file"]).open("w", encoding=encoding, newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        self._writer.writerow([*entry["columns"].values(), "备注"])

    def write(self, row: list[Cell]) -> None:
        self._writer.writerow(["" if cell is None else cell for cell in (*row, NOTICE)])

    def close(self) -> None:
        self._file.close()


@cache
def descriptions() -> dict[str, dict[str, Any]]:
    """Provider → how its store is laid out, as in the mapping file."""
    return {
        path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(_DESCRIPTIONS.glob("*.yaml"))
    }


class ProviderStore:
    """One provider's store while it is written."""

    def __init__(self, out: Path, provider: str, items: Mapping[str, Item]) -> None:
        self._description = descriptions()[provider]
        self._dates = self._description["dates"]
        self._path = out / self._description["path"]
        shutil.copyfile(_DESCRIPTIONS / f"{provider}.yaml", out / f"{provider}.yaml")
        self._base = self._open_base()
        self._tables: dict[str, Table] = {}
        self._fields: dict[str, tuple[str, ...]] = {}
        for name, entry in self._description["items"].items():
            item = items[name]
            self._check(item, provider, entry)
            self._fields[name] = tuple(entry["columns"])
            self._tables[name] = (
                SqliteTable(self._base, item, entry)
                if self._base
                else CsvTable(self._path, entry, self._description["encoding"])
            )
        self.entry = Store(
            provider,
            f"{out.name}/{provider}.yaml",
            f"{out.name}/{self._path.name}",
            dict.fromkeys(self._fields, 0),
        )

    def _open_base(self) -> sqlite3.Connection | None:
        if self._description["connector"] == "csv":
            self._path.mkdir()
            return None
        base = sqlite3.connect(self._path, isolation_level=None)
        # Small caches (KiB): twelve stores of the usual size would grow for as long as the subjects stream.
        base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -512")
        base.execute("BEGIN")
        base.execute("CREATE TABLE invented (notice TEXT)")
        base.execute("INSERT INTO invented VALUES (?)", (NOTICE,))
        return base

    def _check(self, item: Item, provider: str, entry: Mapping[str, Any]) -> None:
        wanted = {
            field
            for channel in channels.called(item)
            if channel.provider == provider
            for field in channels.of_channel(item, channel)
        }
        missing = wanted - set(entry["columns"])
        if missing:
            raise ValueError(f"city/stores/{provider}.yaml: {item.item} has no column for {sorted(missing)}")

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(self._tables)

    def take(self, item: str, row: Row) -> None:
        dates = self._dates
        cells = map(row.get, self._fields[item])
        self._tables[item].write([cell if type(cell) is str else spell(cell, dates) for cell in cells])
        self.entry.rows[item] += 1

    def finish(self) -> Store:
        for table in self._tables.values():
            table.close()
        if self._base:
            self._base.execute("COMMIT")
            self._base.close()
        self.entry.sha256 = manifest.sha256(self._path)
        return self.entry
