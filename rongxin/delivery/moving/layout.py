"""The layout of a platform on its way: a directory, its manifest, and files of rows (docs/moving.md)."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from hashlib import file_digest, sha256
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rongxin.delivery.moving.errors import Altered, Unreadable

FORMAT: Literal["rongxin-move-1"] = "rongxin-move-1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.jws"
LINE_BYTES_MAX = 4 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)?")


class FileKind(StrEnum):
    """What a file holds; those that others rest on come first, and so they are taken."""

    DEPARTMENTS = "departments"
    INSTITUTIONS = "institutions"
    SUBJECTS = "subjects"
    ACCOUNTS = "accounts"
    # What was arranged with providers: whose version counts, whose firms each speaks of, how files are read.
    SOURCE_LEVELS = "source_levels"
    REMITS = "remits"
    MAPPINGS = "mappings"
    SCHEDULES = "schedules"
    # Rows of another node's store, with their history; a provider's file as it would hand it in.
    RECORDS = "records"
    DELIVERY = "delivery"
    CONSENTS = "consents"
    SCAN = "scan"
    # Kept for whoever must look something up; never taken in.
    ARCHIVE = "archive"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(_Frozen):
    """One file: what it holds, how many rows, its SHA-256, and the sums of its amounts."""

    name: str
    kind: FileKind
    rows: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    item: str = ""
    provider: str = ""
    sums: dict[str, str] = {}

    @field_validator("name")
    @classmethod
    def _stays_inside(cls, name: str) -> str:
        if _NAME.fullmatch(name) is None:
            raise ValueError("a name is one file, or one in a directory, in letters, digits and ._-")
        return name


class Sealing(_Frozen):
    """Under what the boxes in the files are closed: a key, itself in a box for one recipient (RFC 9180)."""

    scheme: Literal["hpke-x25519-sha256-aes256gcm"] = "hpke-x25519-sha256-aes256gcm"
    recipient: str
    key: str


class Manifest(_Frozen):
    """What the directory holds. `commitments_under` names the secret of commitments to persons in it."""

    format: Literal["rongxin-move-1"] = FORMAT
    move: str
    node: str
    made_at: datetime
    files: tuple[Entry, ...]
    commitments_under: str = ""
    sealing: Sealing | None = None
    left_out: dict[str, str] = {}


def read(directory: Path) -> Manifest:
    """Read the manifest; raises `Unreadable` naming what is wrong with it."""
    path = directory / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Unreadable(
            f"{path}：读不到清单（{error.strerror}）；目录中须有 {MANIFEST}，见 docs/moving.md"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "manifest"
        raise Unreadable(f"{path}：{place} 有误（{first['msg']}），请按 docs/moving.md 更正") from error
    names = [entry.name for entry in manifest.files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Unreadable(f"{path}：文件重复列出：{'、'.join(twice)}")
    return manifest


def check(directory: Path, manifest: Manifest) -> None:
    """Hold every file against the manifest before anything is taken; raises `Altered`."""
    listed = {entry.name: entry for entry in manifest.files}
    there = {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_symlink() or not path.is_dir()
    } - {MANIFEST, SIGNATURE}
    if there != listed.keys():
        lacking, more = sorted(listed.keys() - there), sorted(there - listed.keys())
        said = [f"缺少 {name}" for name in lacking] + [f"未列入清单 {name}" for name in more]
        raise Altered(f"{directory}：{'；'.join(said[:20])}")
    for name, entry in listed.items():
        path = directory / name
        if path.is_symlink() or not path.is_file():
            raise Altered(f"{path}：不是普通文件")
        with path.open("rb") as file:
            if file_digest(file, "sha256").hexdigest() != entry.sha256:
                raise Altered(f"{path}：与清单所载的 SHA-256 不符，请重新取得该文件")


def rows(directory: Path, entry: Entry) -> Iterator[dict[str, Any]]:
    """Yield the rows of a CSV or JSON Lines file; at its end raises `Altered` where it has changed meanwhile
    or holds another number of rows than the manifest says.
    """
    path, count = directory / entry.name, 0
    with path.open("rb") as file:
        lines = _Hashed(file, path)
        if path.suffix == ".jsonl":
            made = _json_lines(lines, path)
        elif path.suffix == ".csv":
            made = _csv_rows(lines, path)
        else:
            raise Unreadable(f"{path}：只接受 .jsonl 与 .csv 文件")
        for row in made:
            count += 1
            yield row
    if lines.hash.hexdigest() != entry.sha256:
        raise Altered(f"{path}：读取期间文件已变动，未迁入")
    if count != entry.rows:
        raise Altered(f"{path}：清单载明{entry.rows}行，实有{count}行，未迁入")


class _Hashed:
    """The lines of a file, hashed as they are read."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path, self.hash = file, path, sha256()

    def __iter__(self) -> Iterator[str]:
        number = 0
        while line := self._file.readline(LINE_BYTES_MAX + 1):
            number += 1
            if len(line) > LINE_BYTES_MAX:
                raise Unreadable(f"{self._path}：第{number}行超过{LINE_BYTES_MAX >> 20}兆字节")
            self.hash.update(line)
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise Unreadable(f"{self._path}：第{number}行不是 UTF-8 编码") from error


def _json_lines(lines: _Hashed, path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"{path}：第{number}行不是 JSON（{error}）") from error
        if not isinstance(row, dict):
            raise Unreadable(f"{path}：第{number}行不是 JSON 对象")
        yield row


def _csv_rows(lines: _Hashed, path: Path) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(lines, strict=True)
    try:
        for number, row in enumerate(reader, 2):
            if None in row or None in row.values():
                raise Unreadable(f"{path}：第{number}行的列数与表头不符")
            yield dict(row)
    except csv.Error as error:
        raise Unreadable(f"{path}：不是规范的 CSV（{error}）") from error
