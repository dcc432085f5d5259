"""The table itself refuses what no code of ours would do, whoever connects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from rongxin.records.models import PARTITIONS

from .conftest import Bureau, Row

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(bureau: Bureau, subject: Callable[[], int]) -> int:
    number = subject()
    bureau.files(Row(2, number, "一号", {"a": "1"}, date(2026, 3, 1)))
    return number


@pytest.mark.parametrize(
    "change",
    [
        """payload = '{"a": "2"}'""",
        "record_key = '二号'",
        "observed_on = NULL",
        "provider = 'other'",
        "ended_at = now()",  # without a reason
        "ended_at = now(), ended_why = 'forgotten', ended_by = 'x'",
        "ended_at = now(), ended_why = 'repaired', ended_by = 'x', line = 3",
    ],
)
def test_it_refuses_to_change_a_fact(firm: int, change: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE records_record SET {change} WHERE subject_id = %s", [firm])


def test_it_refuses_to_delete_a_fact(firm: int) -> None:
    with (
        pytest.raises(DatabaseError, match="never deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM records_record WHERE subject_id = %s", [firm])


def test_it_refuses_to_change_an_end(firm: int) -> None:
    end = """
        UPDATE records_record SET ended_at = now(), ended_why = 'repaired', ended_by = 'x'
        WHERE subject_id = %s
    """
    with connection.cursor() as cursor:
        cursor.execute(end, [firm])
        with pytest.raises(DatabaseError, match="already ended"), transaction.atomic():
            cursor.execute(end, [firm])
        with pytest.raises(DatabaseError, match="already ended"), transaction.atomic():
            cursor.execute("UPDATE records_record SET ended_at = NULL, ended_why = NULL, ended_by = NULL")


def test_it_refuses_a_second_live_version(firm: int) -> None:
    copy = """
        INSERT INTO records_record (subject_id, received_at, filed_at, batch_id, line, item_version, item,
                                    record_key, provider, digest, payload, source)
        SELECT subject_id, received_at, filed_at, batch_id, line, item_version, item, record_key, provider,
               digest, payload, source FROM records_record WHERE subject_id = %s
    """
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(copy, [firm])


def test_it_reads_one_subject_from_one_partition_by_index(firm: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT * FROM records_record WHERE subject_id = %s AND item = ANY(%s)",
            [firm, ["a", "b"]],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'records_record'::regclass")
        assert cursor.fetchone() == (PARTITIONS,)
    assert plan.count(" on records_record_") == 1 or plan.count("Bitmap Heap Scan") == 1
    assert "Seq Scan" not in plan
