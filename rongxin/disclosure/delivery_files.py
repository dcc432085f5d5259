"""The files of a delivery: rows as JSON Lines or CSV, what became of each code, a signed manifest.

`manifest.jws` is a token whose payload is the manifest; it names every other file by its SHA-256. Whoever has
the node's public key can check a delivery with nothing else.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import file_digest
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from rongxin.catalogue.schema import Item
from rongxin.disclosure.release import Release, ReleasedMark, ReleasedRow, Request
from rongxin.journal import keyring
from rongxin.parties.duty_mandates import Card as Mandate
from rongxin.proof import canonical, jws
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey

TYPE = "delivery+jws"
MANIFEST = "manifest.jws"
CODES = "codes.csv"
ROWS = "records.jsonl"
# What a spreadsheet takes for the beginning of a formula; such a cell gets an apostrophe before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_HEAD = ["统一社会信用代码", "查询编号", "数据日期", "归集时间", "数据提供单位", "记录编号", "标注"]


class Form(StrEnum):
    JSON_LINES = "jsonl"
    CSV = "csv"


@dataclass
class Counts:
    delivered: int = 0
    refused: int = 0
    unknown: int = 0
    records: int = 0


class Files:
    """The open files of one delivery."""

    def __init__(self, directory: Path, form: Form, items: Sequence[Item], stack: ExitStack) -> None:
        self.directory, self.form, self.counts = directory, form, Counts()
        self._items = {item.item: item for item in items}
        self._stack = stack
        self._sheets: dict[str, Any] = {}
        self._codes = self._sheet(CODES, ["统一社会信用代码", "查询编号", "信息项", "结果", "理由", "记录数"])
        self._lines = self._open(ROWS) if form is Form.JSON_LINES else None

    def add(self, release: Release) -> None:
        """Write what leaves about one subject, and for each item how it ended."""
        self.counts.delivered += 1
        for item in release.items:
            reason = item.reason.value if item.reason else ""
            availability = item.availability.value
            self._code(release.subject.uscc, release.id, item.item, availability, reason, len(item.rows))
            for row in item.rows:
                self.counts.records += 1
                self._row(release, item.item, item.item_version, row)

    def refuse(self, code: str, request: UUID | None, reason: str) -> None:
        """Note a code about which nothing leaves."""
        if request is None:
            self.counts.unknown += 1
        else:
            self.counts.refused += 1
        self._code(code, request, "", "refused" if request else "unknown_subject", reason, 0)

    def _code(self, code: str, request: UUID | None, *cells: object) -> None:
        self._codes.writerow([code, request or "", *cells])

    def _row(self, release: Release, item: str, version: int, row: ReleasedRow) -> None:
        if self._lines is not None:
            line = {
                "request": str(release.id),
                "uscc": release.subject.uscc,
                "item": item,
                "version": version,
                "observed_on": row.observed_on.isoformat() if row.observed_on else None,
                "received_at": canonical.instant(row.received_at),
                "provider": row.provider,
                "fields": {
                    name: {"value": f.value, "verdict": f.verdict.value, "reason": f.reason.value}
                    for name, f in row.fields.items()
                },
                **({"record": row.record_id} if row.record_id else {}),
                **({"marks": [_mark(one) for one in row.marks]} if row.marks else {}),
            }
            self._lines.write(json.dumps(line, ensure_ascii=False) + "\n")
            return
        fields = self._items[item].fields
        if item not in self._sheets:
            self._sheets[item] = self._sheet(f"{item}.csv", [*_HEAD, *(field.label for field in fields)])
        values = [row.fields[field.name].value if field.name in row.fields else None for field in fields]
        head = [release.subject.uscc, release.id, row.observed_on or "", canonical.instant(row.received_at)]
        said = "；".join(f"{one.kind.label}（{one.field or '全部'}）" for one in row.marks)
        self._sheets[item].writerow([*head, row.provider, row.record_id or "", said, *map(_cell, values)])

    def _sheet(self, name: str, head: Sequence[str]) -> Any:
        sheet = csv.writer(self._open(name, bom=True))
        sheet.writerow(head)
        return sheet

    def _open(self, name: str, *, bom: bool = False) -> TextIO:
        encoding = "utf-8-sig" if bom else "utf-8"  # by which spreadsheets know it for UTF-8
        path = self.directory / name
        return self._stack.enter_context(path.open("x", encoding=encoding, newline="" if bom else "\n"))


@contextmanager
def written(directory: Path, form: Form, items: Sequence[Item]) -> Iterator[Files]:
    """Have the files of a delivery open in a new directory that nobody else may read; closed after."""
    directory.mkdir(mode=0o700)
    with ExitStack() as stack:
        yield Files(directory, form, items, stack)


def sign(
    directory: Path, delivery: UUID, request: Request, mandate: Mandate, files: Files, *, as_of: datetime
) -> str:
    """Write the signed manifest; returns its digest, to which the journal commits."""
    manifest = {
        "delivery": str(delivery),
        "delivered_at": canonical.instant(as_of),
        "department": request.recipient.id,
        "person": request.recipient.person,
        "reference": request.reference,
        "purpose": request.purpose.value,
        "mandate": {"id": str(mandate.id), **mandate.terms.as_json()},
        "items": list(request.items),
        "counts": asdict(files.counts),
        "files": {path.name: _sha256(path) for path in sorted(directory.iterdir())},
    }
    token = jws.sign(manifest, keyring.node_key(), type=TYPE)
    (directory / MANIFEST).write_text(token, encoding="ascii")
    for path in directory.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return canonical.digest(manifest)


def verify(directory: Path, keys: Mapping[str, VerifyingKey]) -> dict[str, Any]:
    """Return the manifest of a delivery; raises `Forged` where the files are not those that were signed."""
    manifest = jws.verify((directory / MANIFEST).read_text(encoding="ascii"), keys, type=TYPE)
    there = {path.name: _sha256(path) for path in sorted(directory.iterdir()) if path.name != MANIFEST}
    if there != manifest["files"]:
        changed = sorted(set(there.items()) ^ set(manifest["files"].items()))
        raise Forged(f"not as signed: {', '.join(dict.fromkeys(name for name, _ in changed))}")
    return manifest


def _mark(mark: ReleasedMark) -> dict[str, str]:
    return {"kind": mark.kind.value, "field": mark.field, "since": mark.since.isoformat()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        text = "；".join(map(str, value))
    elif isinstance(value, bool):
        text = "是" if value else "否"
    else:
        text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
