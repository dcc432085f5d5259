"""The lake is the table: after any filings, endings, withdrawals and compactions, at every moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import polars as pl
import pytest
from django.db import connection
from duckdb import DuckDBPyConnection

from rongxin.catalogue import loader
from rongxin.evaluation import one_machine
from rongxin.records import (
    filing,
    lake,
    lake_columns,
    lake_files,
    lake_keeping,
    lake_spool,
    lake_verification,
)
from rongxin.records.lake_verification import Kind
from rongxin.records.models import LakeEnding, LakeFile
from rongxin.records.rules import EndedWhy

from . import stored
from .conftest import CLERK, NOW, Bureau, Row
from .lake_stage import ITEM, NUMBER, held, laid_down, payload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def var(tmp_path: Path, settings: object) -> Path:
    settings.RONGXIN_VAR = tmp_path  # type: ignore[attr-defined]
    return tmp_path / "lake"


@pytest.fixture
def firm(subject: Callable[[], int]) -> int:
    return subject()


def end_first(firm: int, bureau: Bureau, why: EndedWhy = EndedWhy.REPAIRED) -> None:
    end_row(stored.of(firm, [ITEM], as_of=bureau.day)[ITEM][0].id, firm, bureau, why)


def end_row(row: int, firm: int, bureau: Bureau, why: EndedWhy = EndedWhy.REPAIRED) -> None:
    filing.end([row], why, subject_id=firm, ended_by="r:1", actor=CLERK, as_of=bureau.day)


def name_of_file_with(row: int) -> str:
    names = LakeFile.objects.values_list("name", flat=True)
    (found,) = [name for name in names if lake_files.standing([lake_files.directory() / name], [row])]
    return found


def test_it_shows_a_row_before_any_file_holds_it(bureau: Bureau, firm: int, var: Path) -> None:
    bureau.files(Row(2, firm, "一号", payload("10.5")))
    assert list(var.glob("*.parquet")) == []
    assert laid_down() == held() != {}


def test_it_reads_a_file_as_it_reads_the_table(bureau: Bureau, firm: int, var: Path) -> None:
    bureau.files(Row(2, firm, "一号", payload("10.5")), Row(3, firm, "二号", payload("7")))
    before = laid_down()
    lake_keeping.catch_up(as_of=NOW)
    assert len(list(var.glob("*.parquet"))) == 1
    assert laid_down() == before == held()
    assert lake_keeping.catch_up(as_of=NOW) == []


def test_it_reads_a_file_that_was_drawn_in_many_parts(
    bureau: Bureau, firm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_files, "_BLOCK", 1)
    told: list[int] = []
    bureau.files(*(Row(line, firm, f"{line}号", payload(str(line))) for line in range(2, 9)))
    (kept,) = lake_keeping.rebuild(as_of=NOW, progress=lambda item, rows: told.append(rows))
    assert (kept.rows, told[-1], told) == (7, 7, sorted(told))
    assert laid_down() == held()
    assert len(held()) == 7


def test_it_leaves_out_what_was_repaired_a_moment_ago(bureau: Bureau, firm: int) -> None:
    bureau.files(Row(2, firm, "一号", payload("1")), Row(3, firm, "二号", payload("2")))
    lake_keeping.catch_up(as_of=NOW)
    end_first(firm, bureau)
    assert len(laid_down()) == 1
    assert laid_down() == held()


def test_it_leaves_out_what_ended_while_its_file_was_written(
    bureau: Bureau, firm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection repairs between the writer's snapshot and its commit."""
    bureau.files(Row(2, firm, "一号", payload("1")))
    publish = lake_files.publish

    def meanwhile(part: Path, final: Path) -> None:
        publish(part, final)
        other = threading.Thread(target=lambda: (end_first(firm, bureau), connection.close()))
        other.start()
        other.join()

    monkeypatch.setattr(lake_files, "publish", meanwhile)
    lake_keeping.catch_up(as_of=NOW)
    assert LakeFile.objects.get().rows == 1
    assert laid_down() == held() == {}


def test_it_forgets_endings_that_no_file_needs(bureau: Bureau, firm: int) -> None:
    bureau.files(Row(2, firm, "一号", payload("1")))
    lake_keeping.catch_up(as_of=NOW)
    end_first(firm, bureau)
    assert LakeEnding.objects.count() == 1
    lake_keeping.compact(as_of=NOW)
    assert (LakeEnding.objects.count(), laid_down()) == (0, {})


def test_small_files_are_put_together_and_full_ones_left(
    bureau: Bureau, firm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = lake_keeping._FILES_MAX + 1
    for number in range(many):
        bureau.files(Row(2, firm, f"{number}号", payload("1")))
        lake_keeping.catch_up(as_of=NOW)
    monkeypatch.setattr(lake_spool, "LOT_BYTES", 1)  # now a row fills a file
    assert [(kept.item, kept.files) for kept in lake_keeping.compact(as_of=NOW)] == [(ITEM, many)]
    assert lake_keeping.compact(as_of=NOW) == []
    assert laid_down() == held()


def test_what_is_put_together_leaves_out_what_ended_and_leaves_full_files_alone(
    bureau: Bureau, firm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it read the table, which may be large where the new files are small."""
    monkeypatch.setattr(lake_keeping, "_FILES_MAX", 1)
    monkeypatch.setattr(lake_keeping, "_ENDED_SHARE", 0)
    for number in range(6):
        bureau.files(Row(2, firm, f"{number}号", payload("1")))
        lake_keeping.catch_up(as_of=NOW)
    ids = sorted(held())
    full = name_of_file_with(ids[0])
    LakeFile.objects.filter(name=full).update(is_full=True)
    end_row(ids[0], firm, bureau)
    end_row(ids[3], firm, bureau)
    with monkeypatch.context() as patch:
        patch.setattr(lake_files, "draw", lambda *_, **__: pytest.fail("the table was read"))
        assert lake_keeping.compact(as_of=NOW) == [lake_keeping.Kept(ITEM, 4, 1)]
        assert lake_keeping.compact(as_of=NOW) == []
    assert set(LakeFile.objects.values_list("name", "rows")) > {(full, 1)}
    assert list(LakeEnding.objects.values_list("record_id", flat=True)) == [ids[0]]
    assert laid_down() == held()
    assert list(lake_verification.files()) == []


def test_small_files_of_which_one_is_lost_are_written_anew(
    bureau: Bureau, firm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_keeping, "_FILES_MAX", 1)
    for number in range(2):
        bureau.files(Row(2, firm, f"{number}号", payload("1")))
        lake_keeping.catch_up(as_of=NOW)
    (lake_files.directory() / LakeFile.objects.values_list("name", flat=True)[0]).unlink()
    assert lake_keeping.compact(as_of=NOW) == [lake_keeping.Kept(ITEM, 2, 1)]
    assert laid_down() == held()


def test_it_holds_no_identity_number_name_or_source_column(bureau: Bureau, firm: int, var: Path) -> None:
    bureau.files(Row(2, firm, "一号", payload("1", f"当事人身份证{NUMBER}，电话13912345678，虚构")))
    lake_keeping.catch_up(as_of=NOW)
    columns = {column.name for column in lake_columns.of(loader.load().item(ITEM))}
    assert not columns & {"legal_representative", "legal_representative_id_number", "document_number"}
    with lake.opened(ITEM) as duck:
        text = str(duck.execute(f'SELECT * FROM "{ITEM}"').fetchall())
    assert "云州商贸有限公司" in text
    assert not [secret for secret in (NUMBER, "13912345678", "张建国", "一号") if secret in text]
    assert [path.suffix for path in var.iterdir() if path.is_file()] == [".parquet"]


def test_no_item_lays_down_what_leads_to_a_person() -> None:
    personal = {"id_number", "party_identifier", "phone", "account_number", "person_name", "party_name"}
    for item in loader.load().items.values():
        laid = {column.name for column in lake_columns.of(item)}
        assert not laid & {field.name for field in item.fields if field.type in personal}
        assert not laid & {column.name for column in item.source_columns}


def damage(path: Path, kind: Kind) -> None:
    content = path.read_bytes()
    if kind is Kind.MISSING:
        path.unlink()
    elif kind is Kind.TRUNCATED:
        path.write_bytes(content[:-1])
    elif kind is Kind.CHANGED:
        path.write_bytes(content[:99] + bytes([content[99] ^ 1]) + content[100:])
    else:
        (path.parent / "other.parquet").write_bytes(content)


@pytest.mark.parametrize("kind", [Kind.MISSING, Kind.TRUNCATED, Kind.CHANGED, Kind.FOREIGN])
def test_verification_tells_what_is_wrong_and_what_to_do(
    bureau: Bureau, firm: int, var: Path, kind: Kind
) -> None:
    bureau.files(Row(2, firm, "一号", payload("1")))
    lake_keeping.catch_up(as_of=NOW)
    assert list(lake_verification.files()) == []
    damage(next(var.glob("*.parquet")), kind)
    (fault,) = lake_verification.files()
    assert fault.kind is kind
    if kind is Kind.FOREIGN:
        assert "移走" in fault.what_to_do
        return
    assert fault.what_to_do == f"rongxin lake rebuild --item {ITEM}"
    lake_keeping.rebuild(as_of=NOW, items=[ITEM])
    assert list(lake_verification.files()) == []
    assert laid_down() == held() != {}


def test_verification_compares_the_rows_with_the_table(bureau: Bureau, firm: int) -> None:
    bureau.files(Row(2, firm, "一号", payload("1")))
    lake_keeping.catch_up(as_of=NOW)
    assert lake_verification.contents(ITEM) is None
    end_first(firm, bureau)
    assert lake_verification.contents(ITEM) is None
    LakeEnding.objects.all().delete()  # as a faulty release of ours might
    fault = lake_verification.contents(ITEM)
    assert fault is not None
    assert fault.kind is Kind.DIFFERENT


def test_a_file_of_an_older_shape_is_written_anew(bureau: Bureau, firm: int) -> None:
    bureau.files(Row(2, firm, "一号", payload("1")))
    lake_keeping.catch_up(as_of=NOW)
    LakeFile.objects.update(shape="of another catalogue")
    assert laid_down() == held() != {}
    assert [kept.rows for kept in lake_keeping.catch_up(as_of=NOW)] == [1]
    assert LakeFile.objects.get().shape == lake_columns.shape(loader.load().item(ITEM))


@pytest.mark.parametrize("opened", [lake_files.engine, lambda: one_machine.connected(None)])
def test_a_long_query_writes_nothing_between_a_commands_lines(
    opened: Callable[[], AbstractContextManager[DuckDBPyConnection]], capfd: pytest.CaptureFixture[str]
) -> None:
    with opened() as duck:
        duck.execute("SET progress_bar_time = 0")  # of any query, not only of one of two seconds
        duck.execute("SELECT sum(hash(a.range) % 7) FROM range(20000000) a").fetchall()
    assert capfd.readouterr() == ("", "")


def test_verification_sees_another_value_in_one_row(bureau: Bureau, firm: int, var: Path) -> None:
    bureau.files(Row(2, firm, "一号", payload("1")), Row(3, firm, "二号", payload("2")))
    lake_keeping.catch_up(as_of=NOW)
    (path,) = var.glob("*.parquet")
    pl.read_parquet(path).with_columns(pl.col("fine_cny").reverse()).write_parquet(path)
    assert lake_verification.contents(ITEM) == lake_verification.Fault(Kind.DIFFERENT, ITEM, ITEM)
