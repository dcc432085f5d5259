"""`manifest.json`: what the city holds, to the row, so that tests can compare receipts with it.

The faulty rows, some 0.6 % of all, stand in a file of their own, `faults.jsonl`, so that the manifest doesn't
grow with the city: a line that says that all is invented, then one a row, in the order of files and lines.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rongxin.city.faults import ACCEPTED, DUPLICATE, PENDING, REJECTED, Planted
from rongxin.city.words import NOTICE

FILE, FAULTS = "manifest.json", "faults.jsonl"
OUTCOMES = (ACCEPTED, REJECTED, PENDING, DUPLICATE)


@dataclass
class DepartmentFile:
    """A file to hand in. `role`: `initial`, `increment` (after the initial one), `conflict` (contradicts
    itself) or `later` (what stories tell of the time after).
    """

    path: str
    item: str
    provider: str
    sender: str
    role: str
    format: str
    encoding: str
    headers: list[str]
    unknown_columns: list[str]
    absent_fields: list[str]
    rows: int = 0
    clean: int = 0
    #: How many rows end how at intake; the four add up to the rows.
    expect: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    faulty: dict[str, int] = field(default_factory=dict)
    sha256: str = ""

    @property
    def faults(self) -> int:
        return self.rows - self.clean

    def count(self, fault: Planted | None) -> None:
        """Take one row into the counts; without a fault it is clean."""
        self.rows += 1
        self.expect[fault.expect if fault else ACCEPTED] += 1
        if fault:
            self.faulty[fault.kind] = self.faulty.get(fault.kind, 0) + 1
        else:
            self.clean += 1

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self) | {"faulty": dict(sorted(self.faulty.items()))}


@dataclass
class Store:
    """A provider's own store and the mapping file that says how to read it."""

    provider: str
    mapping: str
    path: str
    rows: dict[str, int] = field(default_factory=dict)
    sha256: str = ""


@dataclass
class Manifest:
    """`files` stand in the order in which they are to be handed in: licences first, increments last. `later`
    are for a day after: nobody need hand them in.
    """

    seed: int
    subjects: int
    as_of: str
    kinds: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    stories: list[dict[str, Any]] = field(default_factory=list)
    files: list[DepartmentFile] = field(default_factory=list)
    later: list[DepartmentFile] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    truth: str = "truth.csv"
    truth_sha256: str = ""
    faults: str = FAULTS
    faults_sha256: str = ""

    def file(self, item: str, role: str = "initial") -> DepartmentFile:
        """The department file of an item, the first where it came in several."""
        return next(entry for entry in self.files if (entry.item, entry.role) == (item, role))

    def as_dict(self) -> dict[str, Any]:
        document = {
            "notice": NOTICE,
            **{key: value for key, value in vars(self).items() if key not in ("files", "later", "stores")},
        }
        document["files"] = [entry.as_dict() for entry in self.files]
        document["later"] = [entry.as_dict() for entry in self.later]
        document["stores"] = [dataclasses.asdict(entry) for entry in self.stores]
        return document

    def save(self, out: Path) -> None:
        text = json.dumps(self.as_dict(), ensure_ascii=False, indent=1)
        (out / FILE).write_text(text + "\n", "utf-8")


class FaultList:
    """The faults of one file while it is written, in a file beside it; `join` makes one of all."""

    def __init__(self, out: Path, path: str) -> None:
        self._path = path
        self._lines = _beside(out, path).open("w", encoding="utf-8")

    def add(self, fault: Planted) -> None:
        line = {"path": self._path, **dataclasses.asdict(fault)}
        self._lines.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._lines.close()


def join(out: Path, files: list[DepartmentFile]) -> str:
    """Put the lists of all files into one, in their order; return its digest."""
    with (out / FAULTS).open("wb") as whole:
        whole.write(json.dumps({"notice": NOTICE}, ensure_ascii=False).encode() + b"\n")
        for entry in files:
            part = _beside(out, entry.path)
            with part.open("rb") as lines:
                shutil.copyfileobj(lines, whole)
            part.unlink()
    return sha256(out / FAULTS)


def faults(out: Path, entry: DepartmentFile) -> Iterator[Planted]:
    """The faulty rows of a file of the city in `out`."""
    with (out / FAULTS).open(encoding="utf-8") as lines:
        for line in lines:
            found = json.loads(line)
            if found.pop("path", None) == entry.path:
                yield Planted(**found)


def _beside(out: Path, path: str) -> Path:
    return out / f"{path}.faults"


def sha256(path: Path) -> str:
    """The digest of a file, or of all files of a directory in the order of their names."""
    digest = hashlib.sha256()
    for part in [path] if path.is_file() else sorted(path.iterdir()):
        with part.open("rb") as content:
            while piece := content.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()
