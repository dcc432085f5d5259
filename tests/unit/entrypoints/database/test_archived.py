"""Of every table it is said what becomes of it when the node moves out; an archive can be read again."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rongxin.delivery.moving import archive, outward
from rongxin.entrypoints.cli import keys
from rongxin.entrypoints.database import archived
from rongxin.entrypoints.database.declared import TABLES
from rongxin.proof import boxes
from rongxin.proof.profile import INTL
from tests.unit.delivery.moving import stage as moving
from tests.unit.rights import stage

pytestmark = pytest.mark.django_db(transaction=True)
PARTS = (archived.WRITTEN, archived.LEFT, archived.ARCHIVED)
SAID = "罚款已更正为一千元"


def test_every_declared_table_is_written_archived_or_named_as_left() -> None:
    assert frozenset().union(*PARTS) == set(TABLES), (
        "say in entrypoints/database/archived.py what becomes of it"
    )
    assert sum(map(len, PARTS)) == len(TABLES)
    assert set(archived.WITHOUT) <= archived.ARCHIVED


def test_every_archived_table_can_be_read_by_its_columns() -> None:
    for table in archived.tables(keys.columns()):
        assert list(archive.rows(table, {}, lambda plain, place: "")) == []


@pytest.fixture
def moved(tmp_path: Path) -> Callable[[], tuple[Path, bytes]]:
    """Move the node out by everything that is archived; return where to, and the key of its boxes."""
    boxes.make(tmp_path / "key")

    def out() -> tuple[Path, bytes]:
        opener = boxes.opener(tmp_path / "key")
        done = outward.out(
            tmp_path / "out", node="云州", recipient=opener.public_key(),
            archived=archived.tables(keys.columns()), actor=moving.OPERATOR, as_of=stage.NOW,
        )  # fmt: skip
        manifest = json.loads((done.directory / "manifest.json").read_text("utf-8"))
        box = base64.b64decode(manifest["sealing"]["key"])
        return done.directory, boxes.open_box(box, opener, info=f"rongxin move {manifest['move']}")

    return out


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_an_objection_goes_along_with_its_words_for_the_recipient_alone(
    tmp_path: Path, moved: Callable[[], tuple[Path, bytes]]
) -> None:
    scene = stage.opened(tmp_path)
    number = scene.objects(scene.fined())
    where, secret = moved()
    (kept,) = _lines(where / "archive" / "rights_objection.jsonl")
    assert (kept["id"], kept["subject"]) == (str(number), scene.firm.uscc)
    place = json.dumps(("rights_objection", "statement", str(number))).encode()
    assert INTL.open(secret, base64.b64decode(kept["statement"]), place=place).decode() == SAID
    assert SAID.encode() not in b"".join(path.read_bytes() for path in where.rglob("*.jsonl"))
    (mark,) = _lines(where / "archive" / "records_mark.jsonl")
    assert mark["item"] == stage.PENALTY
