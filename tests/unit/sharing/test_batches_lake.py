"""A batch's lake file is there with its receipt, from what was laid aside, and says what the table says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from rongxin.city import generation
from rongxin.records import lake, lake_ahead, lake_keeping
from rongxin.records.models import LakeFile, Record, Source
from rongxin.sharing.errors import Held
from rongxin.vocabulary.actor import Actor, ActorKind

from .conftest import Bureau
from .test_holding import PENALTY, Sender

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def lake_folder(node: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lake_ahead, "_LEAST", 1)
    return Path(settings.RONGXIN_VAR) / "lake"


def rows_of(item: str) -> list[Any]:
    with lake.opened(item) as duck:
        return duck.execute(f'SELECT * FROM "{item}" ORDER BY _id').fetchall()


def test_the_lake_of_an_invented_city_is_what_a_rebuild_writes(bureau: Bureau, tmp_path: Path) -> None:
    city = generation.generate(tmp_path / "city", subjects=60, seed=7)
    bureau.today = bureau.today.replace(month=7)
    for file in (*(file for file in city.files if file.rows), *city.later):
        sender = Actor(ActorKind.ACCOUNT, "clerk", f"provider:{file.provider}")
        bureau.submits(tmp_path / "city" / file.path, file.item, file.provider, actor=sender)
    items = sorted(Source.objects.values_list("item", flat=True))
    at_once = {item: rows_of(item) for item in items}
    # Of some items every row holds something sealed: those are the worker's.
    assert len(lake_keeping.catch_up(as_of=bureau.today)) < len(items) / 2
    lake_keeping.rebuild(as_of=bureau.today)
    assert {item: rows_of(item) for item in items} == at_once
    assert sum(map(len, at_once.values())) == Record.objects.filter(ended_at=None).count() > 100


def test_what_is_held_or_rehearsed_leaves_nothing_in_the_lake(bureau: Bureau, lake_folder: Path) -> None:
    sender = Sender(bureau, seed=7)
    bureau.submits(sender.writes(sender.usual()), PENALTY, dry_run=True)
    assert not lake_folder.exists()
    for _ in range(4):
        bureau.submits(sender.writes(sender.usual()), PENALTY)
    with pytest.raises(Held):
        bureau.submits(sender.writes(sender.poisoned("mean_shift")), PENALTY)
    lying = {path.name for path in lake_folder.iterdir() if path.name != "spill"}
    assert lying == set(LakeFile.objects.values_list("name", flat=True))
    assert len(lying) == 4
