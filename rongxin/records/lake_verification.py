"""Hold the lake against its manifest and the table, and say what to do where they differ."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from rongxin.catalogue import loader
from rongxin.records import lake, lake_columns, lake_files, lake_keeping
from rongxin.records.errors import LakeDamaged
from rongxin.records.models import LakeFile, Source


class Kind(StrEnum):
    """What can be wrong with the lake."""

    MISSING = "missing"
    TRUNCATED = "truncated"
    CHANGED = "changed"
    FOREIGN = "foreign"
    LEFT_OVER = "left_over"
    DIFFERENT = "different"


_WORDS = {
    Kind.MISSING: "清单所列文件不在 listed, but not there",
    Kind.TRUNCATED: "文件大小与清单不符 its size is not the listed one",
    Kind.CHANGED: "文件内容与清单不符 its SHA-256 is not the listed one",
    Kind.FOREIGN: "不是平台写入的文件，读取时不使用 not written by this node; it is not read",
    Kind.LEFT_OVER: "中断后遗留的文件，读取时不使用 left by a crash; it is not read",
    Kind.DIFFERENT: "文件中的记录与数据库不一致 its rows are not those of the table",
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: what, where, what to do."""

    kind: Kind
    where: str
    item: str | None

    @property
    def what(self) -> str:
        return _WORDS[self.kind]

    @property
    def what_to_do(self) -> str:
        if self.kind is Kind.FOREIGN:
            return "查明来源后移走 find out who put it there, then move it away"
        if self.kind is Kind.LEFT_OVER:
            return "rongxin lake compact"
        return f"rongxin lake rebuild --item {self.item}"


def files() -> Iterator[Fault]:
    """Yield what is wrong with the files as such."""
    for listed in LakeFile.objects.order_by("item", "name"):
        kind = _wrong(lake_files.directory() / listed.name, listed)
        if kind is not None:
            yield Fault(kind, listed.name, listed.item)
    for path in lake_keeping.unlisted():
        if not lake_keeping.is_ours(path):
            yield Fault(Kind.FOREIGN, path.name, None)
        elif _age_seconds(path) >= lake_keeping.GRACE_SECONDS:
            yield Fault(Kind.LEFT_OVER, path.name, None)


def contents(item: str) -> Fault | None:
    """Compare the rows that readers get of an item with those that the table gives now."""
    with TemporaryDirectory(dir=_made(), prefix="reader-") as own, lake_files.engine() as duck:
        columns = lake_columns.of(loader.load().item(item))
        try:
            with lake_keeping.snapshot():
                lake.view(duck, item, Path(own))
                truth = lake_files.read(item, columns, Path(own) / "truth", after=0)
            named = ", ".join(lake_files.literal(path) for path in truth)
            duck.execute(f"CREATE TEMP VIEW truth AS SELECT * FROM read_parquet([{named}])")  # noqa: S608
            differing = _sum_of(duck, item) != _sum_of(duck, "truth")
        except (duckdb.Error, LakeDamaged):
            differing = True
    return Fault(Kind.DIFFERENT, item, item) if differing else None


def items() -> list[str]:
    """Return the items whose contents can be compared: those of which something was ever filed."""
    known = loader.load().items
    return [item for item in Source.objects.order_by("item").values_list("item", flat=True) if item in known]


# A sum over rows needs no memory, however many rows an item has; their order doesn't matter.
_SUM = """SELECT count(*), sum(hash(rows)) FROM (SELECT * FROM "{view}") rows"""


def _wrong(path: Path, listed: LakeFile) -> Kind | None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        # Another writer may have replaced it since the list was read.
        return Kind.MISSING if LakeFile.objects.filter(pk=listed.name).exists() else None
    if size != listed.size_bytes:
        return Kind.TRUNCATED
    return None if lake_files.digest_of(path) == listed.sha256 else Kind.CHANGED


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _made() -> Path:
    lake_files.directory().mkdir(parents=True, exist_ok=True, mode=0o700)
    return lake_files.directory()


def _sum_of(duck: duckdb.DuckDBPyConnection, view: str) -> object:
    return duck.execute(_SUM.format(view=view)).fetchone()
