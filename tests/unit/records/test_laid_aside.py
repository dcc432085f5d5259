"""A batch's lake file is written from fields laid aside while it was filed, and says what the table says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest

from rongxin.records import filing, laid_aside, lake_files, lake_keeping
from rongxin.records.models import LakeFile

from .conftest import NOW, Bureau, Row
from .lake_stage import ITEM, files_with_lake_file, held, laid_down, open_payload, payload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def lake_folder(tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.RONGXIN_VAR = tmp_path  # type: ignore[attr-defined]
    monkeypatch.setattr(laid_aside, "_LEAST", 1)
    return tmp_path / "lake"


@pytest.fixture
def firm(subject: Callable[[], int]) -> int:
    return subject()


def lying(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != "spill"}


def test_the_lake_file_is_there_once_the_batch_is_filed(bureau: Bureau, firm: int, lake_folder: Path) -> None:
    files_with_lake_file(
        bureau, Row(2, firm, "一号", open_payload("10.5")), Row(3, firm, "二号", open_payload("7"))
    )
    assert lying(lake_folder) == set(LakeFile.objects.values_list("name", flat=True)) != set()
    assert lake_keeping.catch_up(as_of=NOW) == []
    assert laid_down() == held()
    assert len(held()) == 2


def test_no_field_of_it_is_read_back_from_the_table(
    bureau: Bureau, firm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    draw = lake_files.draw

    def watched(*given: Any, **named: Any) -> int:
        drawn.append(draw(*given, **named))
        return drawn[-1]

    monkeypatch.setattr(lake_files, "draw", watched)
    bureau.files(Row(2, firm, "三号", open_payload("1")))
    files_with_lake_file(
        bureau,
        Row(2, firm, "一号", open_payload("2")),
        Row(3, firm, "二号", open_payload("3", hidden="。")),
        Row(4, firm, "四号", payload("4")),
    )
    assert drawn == [3]  # the batch before it, and two rows of which something is sealed
    assert LakeFile.objects.get().rows == 4
    assert laid_down() == held()


def test_it_is_what_a_rebuild_writes_and_holds_no_number(bureau: Bureau, firm: int) -> None:
    rows = [Row(line, firm, f"{line}号", open_payload(str(line), "。" * (line % 2))) for line in range(2, 9)]
    files_with_lake_file(bureau, *rows)
    at_once = laid_down()
    lake_keeping.rebuild(as_of=NOW)
    assert at_once == laid_down() == held()
    assert "13800138000" not in str(at_once)


def test_a_row_that_comes_back_is_in_the_next_file(bureau: Bureau, firm: int) -> None:
    files_with_lake_file(bureau, Row(2, firm, "一号", open_payload("1")))
    later = files_with_lake_file(
        bureau, Row(2, firm, "一号", open_payload("2")), Row(3, firm, "二号", open_payload("3"))
    )
    bureau.withdraws(later, ITEM)
    files_with_lake_file(bureau, Row(2, firm, "三号", open_payload("4")))
    assert laid_down() == held()
    assert len(held()) == 2


def test_where_a_part_is_gone_nothing_is_written_and_the_keeper_reads_the_table(
    bureau: Bureau, firm: int, lake_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = laid_aside.LaidAside.whole

    def lessened(aside: laid_aside.LaidAside) -> lake_files.Aside | None:
        found = whole(aside)
        return found and lake_files.Aside(found.batch_id, found.parts[:1])

    monkeypatch.setattr(laid_aside.LaidAside, "whole", lessened)
    monkeypatch.setattr(filing, "_AT_ONCE", 1)
    files_with_lake_file(bureau, *(Row(line, firm, f"{line}号", open_payload("1")) for line in (2, 3, 4)))
    assert LakeFile.objects.count() == 0
    assert lying(lake_folder) == set()
    assert [kept.rows for kept in lake_keeping.catch_up(as_of=NOW)] == [3]
    assert laid_down() == held()


def test_of_a_batch_that_is_not_filed_nothing_stays_aside(lake_folder: Path) -> None:
    with suppress(RuntimeError), laid_aside.of(ITEM, uuid4()) as aside:
        aside.add(pl.Series([2]), pl.DataFrame([open_payload("1")]))
        assert lying(lake_folder) != set()
        raise RuntimeError
    assert lying(lake_folder) == set()


def test_another_attempt_begins_anew(lake_folder: Path) -> None:
    with laid_aside.of(ITEM, uuid4()) as aside:
        aside.add(pl.Series([2]), pl.DataFrame([open_payload("1")]))
        aside.clear()
        assert (aside.whole(), lying(lake_folder)) == (None, set())


def test_a_disk_that_takes_no_more_keeps_no_batch_from_being_filed(
    bureau: Bureau, firm: int, lake_folder: Path
) -> None:
    lake_folder.write_text("no folder")
    files_with_lake_file(bureau, Row(2, firm, "一号", open_payload("1")))
    lake_folder.unlink()
    assert [kept.rows for kept in lake_keeping.catch_up(as_of=NOW)] == [1]
    assert laid_down() == held() != {}
