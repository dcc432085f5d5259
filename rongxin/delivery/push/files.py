"""The files of a run: parts of bounded size, what is taken back, and what the recipient then holds.

What it holds is kept here as numbers and hashes (`state`), so that the next run is the difference of two
sets and never a guess: rows that are new or read otherwise are given, rows that are gone are taken back.
DuckDB does it within the lake's share of memory, whatever the size of the sets.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
from django.conf import settings

from rongxin.catalogue.schema import Item
from rongxin.delivery.push import rules
from rongxin.delivery.push.rules import Form
from rongxin.disclosure import public_sets
from rongxin.disclosure.public_sets import Sets
from rongxin.journal import keyring
from rongxin.proof import canonical, push_manifest

#: No file is much larger: it can be fetched again by itself.
PART_BYTES = 64 << 20
REMOVALS = "removals"
_AT_A_TIME = 20_000
_GIVEN = tuple(name for name in public_sets.OWN if name != "_subject")
# What a spreadsheet takes for the beginning of a formula; such a cell gets an apostrophe before it.
_GUARDED = (
    "CASE WHEN regexp_matches({0}, '^[=+\\-@\\t\\r]')"
    " AND NOT regexp_full_match({0}, '[+-]?[0-9]+(\\.[0-9]+)?')"
    " THEN '''' || {0} ELSE {0} END AS {0}"
)


@dataclass
class Written:
    """What a run's files hold."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Item → provider → rows given.
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(sum(of.values()) for of in self.rows.values())


def root() -> Path:
    """Where runs and states lie."""
    return Path(settings.RONGXIN_VAR) / "push"


def directory(run: UUID) -> Path:
    """Where a run's files lie once it is ready."""
    return root() / "runs" / str(run)


def state(run: UUID) -> Path:
    """Where the node notes what the recipient holds after a run."""
    return root() / "states" / str(run)


@contextmanager
def being_written(run: UUID) -> Iterator[Path]:
    """Have an empty directory beside a run's place that nobody else may read; gone at the end."""
    part = directory(run).with_name(f".{run}.part")
    part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part.mkdir(mode=0o700)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


class Writer:
    """Writes one run out of open sets, against what the recipient is known to hold."""

    def __init__(self, sets: Sets, form: Form, *, held: Path | None, into: Path, now: Path) -> None:
        self._sets, self._duck, self._form = sets, sets.duck, form
        self._held, self._into, self._now = held, into, now
        self._written = Written()

    def write(self) -> Written:
        """Write every item's parts, then what is taken back."""
        self._now.mkdir(parents=True, mode=0o700)
        self._duck.execute("CREATE TEMP TABLE touched (subject BIGINT, item VARCHAR, rows BIGINT)")
        self._duck.execute(
            "CREATE TEMP TABLE gone (item VARCHAR, _record BIGINT, reason VARCHAR, subject BIGINT)"
        )
        for item in self._sets.items:
            self._note(item)
            self._give(item)
        for name in self._held_items():
            self._take_back(name)
        self._copy("SELECT item, _record, reason FROM gone", REMOVALS, item=None)
        return self._written

    def subjects(self) -> Iterator[tuple[int, str]]:
        """Yield of whom the run tells something: the subject's number, and as JSON how many rows an item."""
        found = self._duck.execute(
            "SELECT subject, '{' || string_agg('\"' || item || '\":' || rows, ',' ORDER BY item) || '}' FROM"
            " (SELECT subject, item, sum(rows)::BIGINT AS rows FROM touched GROUP BY subject, item)"
            " GROUP BY subject"
        )
        while some := found.fetchmany(_AT_A_TIME):
            yield from some

    def _note(self, item: Item) -> None:
        """Note of every row that leaves now its number, its subject and a hash of what is given."""
        given = ", ".join(f'"{name}"' for name in (*_GIVEN, *public_sets.columns(item)))
        self._duck.execute(
            f"COPY (SELECT _record AS record, _subject AS subject, hash({given}) AS digest"  # noqa: S608
            f" FROM {public_sets.view_of(item)}) TO {_literal(self._state_of(item.item))} (FORMAT parquet)"
        )

    def _give(self, item: Item) -> None:
        """Write the rows that are new to the recipient or read otherwise than what it holds."""
        now, held = self._state_of(item.item), self._held_of(item.item)
        rows = f"read_parquet({_literal(now)})"
        chosen, among = "", f"SELECT subject FROM {rows}"  # noqa: S608
        if held is not None:
            self._duck.execute(
                "CREATE OR REPLACE TEMP TABLE changed AS SELECT record, subject"  # noqa: S608
                f" FROM {rows} AS rows WHERE NOT EXISTS (SELECT 1 FROM read_parquet({_literal(held)}) AS held"
                " WHERE held.record = rows.record AND held.digest = rows.digest)"
            )
            chosen, among = " SEMI JOIN changed ON changed.record = _record", "SELECT subject FROM changed"
        leaving = f"FROM {public_sets.view_of(item)} AS leaving{chosen}"
        cells = ", ".join(self._cell(item, name) for name in (*_GIVEN, *public_sets.columns(item)))
        self._copy(f"SELECT {cells} {leaving}", item.item, item=item)
        self._written.rows[item.item] = self._by_provider(item.item)
        self._duck.execute(
            "INSERT INTO touched SELECT subject, ?, count(*)"  # noqa: S608
            f" FROM ({among}) GROUP BY subject",
            [item.item],
        )

    def _take_back(self, name: str) -> None:
        """Note which rows that the recipient holds are no longer among what leaves, and why."""
        held, now = self._held_of(name), self._state_of(name)
        assert held is not None
        living = (
            f" WHERE NOT EXISTS (SELECT 1 FROM read_parquet({_literal(now)}) AS rows"  # noqa: S608
            " WHERE rows.record = held.record)"
            if now.exists()
            else ""
        )
        self._duck.execute(
            "CREATE OR REPLACE TEMP TABLE removed AS SELECT record, subject"  # noqa: S608
            f" FROM read_parquet({_literal(held)}) AS held{living}"
        )
        items = [item for item in self._sets.items if item.item == name]
        over = {record for item in items for record in self._sets.published_over(item, "removed")}
        for some in self._blocks("removed"):
            ended = public_sets.ended(some)
            reasons = [
                rules.gone(ended.get(record), published=record not in over).value for _, record in some
            ]
            self._written.removed.update(reasons)
            self._insert(name, some, reasons)
        self._duck.execute("INSERT INTO touched SELECT DISTINCT subject, ?, 0 FROM removed", [name])

    def _blocks(self, table: str) -> Iterator[list[tuple[int, int]]]:
        """Yield a table's subjects and records some at a time; the engine is free between two of them."""
        (last,) = self._duck.execute(f"SELECT max(rowid) FROM {table}").fetchone() or (None,)  # noqa: S608
        for first in range(0, 0 if last is None else last + 1, _AT_A_TIME):
            found = self._duck.execute(
                f"SELECT subject, record FROM {table} WHERE rowid >= ? AND rowid < ?",  # noqa: S608
                [first, first + _AT_A_TIME],
            )
            yield found.fetchall()

    def _insert(self, item: str, rows: list[tuple[int, int]], reasons: list[str]) -> None:
        frame = {
            "item": [item] * len(rows),
            "_record": [record for _, record in rows],
            "reason": reasons,
            "subject": [subject for subject, _ in rows],
        }
        spool = self._into / ".removed.parquet"
        pl.DataFrame(frame).write_parquet(spool)
        self._duck.execute(f"INSERT INTO gone SELECT * FROM read_parquet({_literal(spool)})")  # noqa: S608
        spool.unlink()

    def _copy(self, query: str, name: str, *, item: Item | None) -> None:
        """Write a query's rows as parts named after the item; parts without rows are left out."""
        own, form = self._into / f".{name}", self._form.value
        shape = "FORMAT parquet, COMPRESSION zstd" if self._form is Form.PARQUET else "FORMAT csv, HEADER"
        self._duck.execute(
            f"COPY ({query}) TO {_literal(own)} ({shape}, FILE_SIZE_BYTES {PART_BYTES},"
            " FILENAME_PATTERN 'part-{i}')"
        )
        parts = sorted(own.iterdir(), key=lambda path: int(path.stem.removeprefix("part-")))
        for part in parts:
            rows = self._rows_in(part)
            if rows:
                final = self._into / f"{name}-{len(self._parts_of(name)):04d}.{form}"
                part.rename(final)
                self._written.files[final.name] = {
                    "item": item.item if item else None,
                    "role": "rows" if item else REMOVALS,
                    "rows": rows,
                    "bytes": final.stat().st_size,
                    "sha256": push_manifest.sha256(final),
                }
        shutil.rmtree(own)

    def _by_provider(self, name: str) -> dict[str, int]:
        """Count the rows given of an item by provider, out of its parts: what was written is what counts."""
        counted: Counter[str] = Counter()
        for part in self._parts_of(name):
            rows = self._duck.execute(
                f"SELECT _provider, count(*) FROM {self._reader(self._into / part)} GROUP BY ALL"  # noqa: S608
            )
            counted.update(dict(rows.fetchall()))
        return dict(counted)

    def _parts_of(self, name: str) -> list[str]:
        return [file for file in self._written.files if file.rpartition("-")[0] == name]

    def _rows_in(self, part: Path) -> int:
        found = self._duck.execute(f"SELECT count(*) FROM {self._reader(part)}")  # noqa: S608
        (rows,) = found.fetchone() or (0,)
        return int(rows)

    def _reader(self, part: Path) -> str:
        if self._form is Form.PARQUET:
            return f"read_parquet({_literal(part)})"
        return f"read_csv({_literal(part)}, header = true, all_varchar = true)"

    def _cell(self, item: Item, name: str) -> str:
        quoted = f'"{name}"'
        if self._form is Form.PARQUET or name in _GIVEN:
            return quoted
        kind = self._types(item)[name]
        if kind == "VARCHAR[]":
            quoted, alias = f"array_to_string({quoted}, '；')", quoted
            return f"{quoted} AS {alias}"
        return _GUARDED.format(quoted) if kind == "VARCHAR" else quoted

    def _types(self, item: Item) -> dict[str, str]:
        described = self._duck.execute(f"DESCRIBE {public_sets.view_of(item)}").fetchall()
        return {row[0]: row[1] for row in described}

    def _state_of(self, item: str) -> Path:
        return self._now / f"{item}.parquet"

    def _held_of(self, item: str) -> Path | None:
        path = self._held / f"{item}.parquet" if self._held is not None else None
        return path if path is not None and path.exists() else None

    def _held_items(self) -> list[str]:
        return sorted(path.stem for path in self._held.iterdir()) if self._held is not None else []


def sign(into: Path, manifest: Mapping[str, Any]) -> str:
    """Write the manifest and its detached signature, all synced; return the manifest's SHA-256."""
    (into / push_manifest.MANIFEST).write_bytes(canonical.dumps(manifest))
    (into / push_manifest.SIGNATURE).write_text(
        push_manifest.detached(manifest, keyring.node_key()), encoding="ascii"
    )
    for path in into.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return push_manifest.sha256(into / push_manifest.MANIFEST)


def publish(into: Path, run: UUID) -> None:
    """Give a run's directory its name; it counts once the run is ready."""
    into.rename(directory(run))
    folder = os.open(directory(run).parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def forget(run: UUID) -> None:
    """Delete a run's files and its state."""
    shutil.rmtree(directory(run), ignore_errors=True)
    shutil.rmtree(state(run), ignore_errors=True)


def lying() -> list[Path]:
    """Return every directory of a run or a state that lies there, unfinished ones too."""
    folders = (root() / "runs", root() / "states")
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]


def sweep(lying: list[Path], *, fetchable: set[str], held: set[str]) -> int:
    """Delete of these what no run needs: files that can't be fetched, states that nothing builds on."""
    swept = 0
    for path in lying:
        needed = held if path.parent.name == "states" else fetchable
        if path.name.removeprefix(".").removesuffix(".part") not in needed:
            shutil.rmtree(path, ignore_errors=True)
            swept += 1
    return swept


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
