"""`manifest.json`: what the city holds, to the row, so that tests can compare receipts with it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rongxin.city.faults import ACCEPTED, DUPLICATE, PENDING, REJECTED, Planted
from rongxin.city.words import NOTICE

FILE = "manifest.json"
OUTCOMES = (ACCEPTED, REJECTED, PENDING, DUPLICATE)


@dataclass
class DepartmentFile:
    """A file to hand in. `role`: `initial`, `increment` (after the initial one) or `conflict` (contradicts
    itself).
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
    faults: list[Planted] = field(default_factory=list)
    sha256: str = ""

    @property
    def expect(self) -> dict[str, int]:
        """How many rows end how at intake; the four add up to the rows."""
        ends = Counter(fault.expect for fault in self.faults)
        ends[ACCEPTED] += self.clean
        return {outcome: ends[outcome] for outcome in OUTCOMES}

    def as_dict(self) -> dict[str, Any]:
        document = dataclasses.asdict(self)
        kinds = Counter(fault.kind for fault in self.faults)
        return document | {"expect": self.expect, "faulty": dict(sorted(kinds.items()))}


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
    """`files` stand in the order in which they are to be handed in: licences first, increments last."""

    seed: int
    subjects: int
    as_of: str
    kinds: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    stories: list[dict[str, Any]] = field(default_factory=list)
    files: list[DepartmentFile] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    truth: str = "truth.csv"
    truth_sha256: str = ""

    def file(self, item: str, role: str = "initial") -> DepartmentFile:
        """The department file of an item, the first where it came in several."""
        return next(entry for entry in self.files if (entry.item, entry.role) == (item, role))

    def as_dict(self) -> dict[str, Any]:
        document = {
            "notice": NOTICE,
            **{key: value for key, value in vars(self).items() if key not in ("files", "stores")},
        }
        document["files"] = [entry.as_dict() for entry in self.files]
        document["stores"] = [dataclasses.asdict(entry) for entry in self.stores]
        return document

    def save(self, out: Path) -> None:
        text = json.dumps(self.as_dict(), ensure_ascii=False, indent=1)
        (out / FILE).write_text(text + "\n", "utf-8")


def sha256(path: Path) -> str:
    """The digest of a file, or of all files of a directory in the order of their names."""
    digest = hashlib.sha256()
    for part in [path] if path.is_file() else sorted(path.iterdir()):
        with part.open("rb") as content:
            while piece := content.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()
