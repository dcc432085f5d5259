"""The invented city's own files go through the real intake: each receipt says what the manifest foretells.

The later files too: a repair supersedes, a new entry is taken, and a row that names only what two firms share
waits with both of them as candidates.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rongxin.city import generation
from rongxin.city.manifest import DepartmentFile, Manifest
from rongxin.sharing.aggregation import outcomes
from rongxin.sharing.aggregation.receipts import Receipt
from rongxin.sharing.rules import RowOutcome
from rongxin.vocabulary.actor import Actor, ActorKind

from .conftest import Bureau

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(tmp_path: Path) -> Manifest:
    return generation.generate(tmp_path / "city", subjects=150, seed=7)


def _hand_in(bureau: Bureau, out: Path, file: DepartmentFile) -> Receipt:
    sender = Actor(ActorKind.ACCOUNT, "clerk", f"provider:{file.provider}")
    receipt = bureau.submits(out / file.path, file.item, file.provider, actor=sender)
    counts = receipt.counts
    assert {name: getattr(counts, name) for name in file.expect} == file.expect, file.path
    return receipt


def test_every_receipt_says_what_the_manifest_foretells_the_later_files_too(
    tmp_path: Path, city: Manifest, bureau: Bureau
) -> None:
    bureau.today = bureau.today.replace(month=7)  # the city is seen on the last of June
    for file in (file for file in city.files if file.rows):
        _hand_in(bureau, tmp_path / "city", file)
    receipts = {file.item: _hand_in(bureau, tmp_path / "city", file) for file in city.later}

    fines = receipts["administrative_penalty"]
    assert fines.superseded == fines.counts.accepted == 2, "the repaired firm, told twice among 150"
    clashes = [story for story in city.stories if story["id"] == "name_clash"]
    waiting = list(outcomes.of_batch(receipts["dishonest_judgment_debtor"].batch, [RowOutcome.PENDING]))
    assert len(waiting) == len(clashes) == 2
    for row, story in zip(waiting, clashes, strict=True):
        assert all(part["uscc"] in row.message for part in story["parts"].values())
