"""A platform in files, made by hand, and a node that is emptied; all invented."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.core.management import call_command

from rongxin.catalogue import loader
from rongxin.delivery.moving import inward, outward
from rongxin.parties import seed
from rongxin.proof import boxes
from rongxin.proof.profile import INTL
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage

OPERATOR = Actor(ActorKind.SYSTEM, "cli-1", "operator")
PENALTY = "administrative_penalty"


def empty() -> None:
    """Leave a node as it is after its first start: tables, keys and the catalogue's providers."""
    call_command("flush", interactive=False, verbosity=0)
    sources.forget()
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)


def lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


class Platform:
    """A directory to be moved in; `holds` adds a file, `says` writes the manifest."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.directory = directory
        self.entries: list[dict[str, Any]] = []

    def holds(self, name: str, kind: str, content: bytes, rows: int, **more: Any) -> Platform:
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        digest = sha256(content).hexdigest()
        self.entries.append({"name": name, "kind": kind, "rows": rows, "sha256": digest, **more})
        return self

    def rows(self, name: str, kind: str, *rows: Mapping[str, Any], **more: Any) -> Platform:
        return self.holds(name, kind, lines(rows), len(rows), **more)

    def says(self, **changes: Any) -> Path:
        manifest = {
            "format": "rongxin-move-1",
            "move": "old-platform-1",
            "node": "云州旧平台",
            "made_at": "2026-03-01T08:00:00+08:00",
            "files": self.entries,
        }
        (self.directory / "manifest.json").write_text(json.dumps(manifest | changes), "utf-8")
        return self.directory


def take(directory: Path, **changes: Any) -> dict[str, dict[str, Any]]:
    """Take a directory in; return the report's files by name."""
    report = inward.take(directory, actor=OPERATOR, as_of=stage.NOW, **changes)
    return {one["file"]: one for one in report.document()["files"]}


def out(directory: Path, key: Path) -> Path:
    """Move the node out for the holder of a key, which is made where there is none."""
    if not key.exists():
        boxes.make(key)
    public = boxes.opener(key).public_key()
    return outward.out(
        directory, node="云州节点", recipient=public, archived=(), actor=OPERATOR, as_of=stage.NOW
    ).directory


def held(directory: Path, key: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of what was moved out, boxes opened, by file: what two exports have in common."""
    manifest = json.loads((directory / "manifest.json").read_text("utf-8"))
    box = base64.b64decode(manifest["sealing"]["key"])
    secret = boxes.open_box(box, boxes.opener(key), info=f"rongxin move {manifest['move']}")
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(directory.rglob("*.jsonl")):
        name = path.relative_to(directory).as_posix()
        found[name] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for row in found[name]:
            if "box" in row:
                item = name.removeprefix("records/").removesuffix(".jsonl")
                place = json.dumps((item, row["batch"], str(row["line"]), row["subject"])).encode()
                row["box"] = INTL.open(secret, base64.b64decode(row["box"]), place=place).decode()
    return found
