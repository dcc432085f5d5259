"""A batch's lake file is written while the batch is filed, and says what the table says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError

from rongxin.records import filing, lake_ahead, lake_files, lake_keeping, lake_spool, lake_verification
from rongxin.records.models import LakeFile

from .conftest import NOW, Bureau, Row
from .lake_stage import ITEM, files_with_lake_file, held, laid_down, open_payload, payload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def lake_folder(tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.RONGXIN_VAR = tmp_path  # type: ignore[attr-defined]
    monkeypatch.setattr(lake_ahead, "_LEAST", 1)
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
    assert sorted(LakeFile.objects.values_list("rows", flat=True)) == [1, 3]
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


def test_a_large_batch_becomes_several_files(
    bureau: Bureau, firm: int, lake_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_spool, "LOT_BYTES", 1)
    rows = [Row(line, firm, f"{line}号", open_payload(str(line), "。" * (line % 2))) for line in range(2, 9)]
    files_with_lake_file(bureau, *rows)
    assert (
        list(LakeFile.objects.order_by("is_full").values_list("rows", "is_full"))
        == [(1, False)] * 2 + [(1, True)] * 5
    )  # those of which something is sealed come from the table, in files of their own
    at_once = laid_down()
    lake_keeping.rebuild(as_of=NOW)
    assert LakeFile.objects.filter(is_full=True).count() == 6
    assert at_once == laid_down() == held()
    assert lake_verification.contents(ITEM) is None
    assert lying(lake_folder) >= set(LakeFile.objects.values_list("name", flat=True))


def two(firm: int) -> list[Row]:
    return [Row(line, firm, f"{line}号", open_payload(str(line))) for line in (2, 3)]


def test_what_ends_before_it_is_listed_is_left_out(bureau: Bureau, firm: int) -> None:
    files_with_lake_file(bureau, *two(firm), between=lambda batch: bureau.withdraws(batch, ITEM))
    assert laid_down() == held() == {}
    files_with_lake_file(bureau, Row(2, firm, "四号", open_payload("4")))
    assert laid_down() == held() != {}


@pytest.mark.parametrize("more", [False, True])
def test_a_worker_that_is_quicker_has_the_say(
    bureau: Bureau, firm: int, lake_folder: Path, more: bool
) -> None:
    def between(_: UUID) -> None:
        lake_keeping.catch_up(as_of=bureau.day)
        if more:
            bureau.files(Row(2, firm, "六号", open_payload("6")))

    files_with_lake_file(bureau, *two(firm), between=between)
    assert sorted(LakeFile.objects.values_list("rows", flat=True)) == [1, 2][not more :]
    assert lying(lake_folder) == set(LakeFile.objects.values_list("name", flat=True))
    assert laid_down() == held() != {}


def test_rows_of_another_batch_that_came_between_are_in_a_file_of_their_own(
    bureau: Bureau, firm: int
) -> None:
    files_with_lake_file(
        bureau, *two(firm), between=lambda _: bureau.files(Row(2, firm, "五号", open_payload("5")))
    )
    assert sorted(LakeFile.objects.values_list("rows", flat=True)) == [1, 2]
    assert laid_down() == held()


def test_rows_that_are_not_filed_are_not_in_it(bureau: Bureau, firm: int) -> None:
    files_with_lake_file(bureau, *two(firm))
    files_with_lake_file(
        bureau, *two(firm)[:1], *(Row(line, firm, f"{line}号", open_payload("9")) for line in (7, 8, 9))
    )
    assert sorted(LakeFile.objects.values_list("rows", flat=True)) == [2, 3]
    assert laid_down() == held()


def test_where_others_take_ids_between_the_worker_reads_the_table(
    bureau: Bureau, firm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second id goes to somebody else."""
    taken = lake_ahead._TAKE_IDS.replace("nextval", "nextval('records_record_id_seq') + 0 * nextval")
    monkeypatch.setattr(lake_ahead, "_TAKE_IDS", taken)
    files_with_lake_file(bureau, *two(firm))
    assert LakeFile.objects.count() == 0
    assert [kept.rows for kept in lake_keeping.catch_up(as_of=NOW)] == [2]
    assert laid_down() == held()


def test_a_file_that_was_swept_meanwhile_is_written_by_the_worker(
    bureau: Bureau, firm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = lake_files.prepare

    def swept(*given: Any, **named: Any) -> list[lake_files.Prepared]:
        (prepared,) = made(*given, **named)
        prepared.part.unlink()
        return [prepared]

    monkeypatch.setattr(lake_files, "prepare", swept)
    files_with_lake_file(bureau, *two(firm))
    monkeypatch.undo()
    assert LakeFile.objects.count() == 0
    assert [kept.rows for kept in lake_keeping.catch_up(as_of=NOW)] == [2]
    assert laid_down() == held()


def test_of_a_batch_that_is_not_filed_nothing_stays(
    bureau: Bureau, firm: int, lake_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing.marks, "CARRY", "SELECT 1/0")
    with pytest.raises(DataError):
        files_with_lake_file(bureau, *two(firm))
    assert lying(lake_folder) == set()


def test_a_disk_that_takes_no_more_keeps_no_batch_from_being_filed(
    bureau: Bureau, firm: int, lake_folder: Path
) -> None:
    lake_folder.write_text("no folder")
    files_with_lake_file(bureau, *two(firm))
    lake_folder.unlink()
    assert [kept.rows for kept in lake_keeping.catch_up(as_of=NOW)] == [2]
    assert laid_down() == held() != {}
