"""The second line of defence of a batch: keys folded, nothing kept that may not be, deadlocks tried again."""

from __future__ import annotations

import threading
from uuid import UUID

import polars as pl
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from rongxin.sharing.aggregation import attempts, outcomes, record_keys
from rongxin.sharing.aggregation.outcomes import RowEnd
from rongxin.sharing.models import Batch, Outcome
from rongxin.sharing.rules import NEVER_KEPT, RowOutcome

from .conftest import NOW, PROVIDER


def folded(*keys: str | None) -> list[str | None]:
    return record_keys.folded(pl.Series("record_key", list(keys), dtype=pl.Utf8)).to_list()


def test_it_folds_width_blanks_brackets_and_case() -> None:
    spellings = ("京罚〔2026〕3号a", "京罚[2026] 3号A", "京罚（２０２６）３号Ａ", "京罚【2026】3 号a")
    assert set(folded(*spellings)) == {"京罚(2026)3号A"}
    assert folded("", None) == ["", None]


@given(st.text(st.sampled_from('aA1９〔【({『號号ｶﾞ①〇㈱ 　\t-_"\u00e9\u0301ß'), max_size=8))
def test_it_folds_a_key_alike_in_whatever_company_it_stands(key: str) -> None:
    (alone,), (beside, _) = folded(key), folded(key, "ａ b")
    assert alone == beside


def test_it_lets_a_long_key_stand_by_its_hash() -> None:
    long, other = "事实" * 500, "事实" * 501
    first, second, again = folded(long, other, long)
    assert first == again != second
    assert first is not None
    assert len(first.encode()) <= record_keys.KEY_BYTES_MAX


@pytest.fixture
def batch() -> UUID:
    number = UUID(int=1)
    Batch.objects.create(
        id=number, item="honours", provider_id=PROVIDER, sha256="0" * 64, file_name="x", size_bytes=1,
        received_at=NOW, actor_kind="system", actor_id="x", journal_entry=number,
    )  # fmt: skip
    return number


@pytest.mark.django_db
@pytest.mark.parametrize("rule", sorted(NEVER_KEPT))
def test_neither_code_nor_database_keep_what_may_not_be_stored(batch: UUID, rule: str) -> None:
    outcomes.keep(batch, [RowEnd(2, RowOutcome.REJECTED, rule, "m", {"企业名称": "张三"})])
    assert Outcome.objects.get().raw is None
    with pytest.raises(DatabaseError), transaction.atomic():
        Outcome.objects.create(
            batch_id=batch, line=3, outcome="rejected", rule=rule, message="m", raw=b"anything"
        )


@pytest.mark.django_db
def test_the_database_counts_the_rows_of_a_batch(batch: UUID) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Batch.objects.filter(pk=batch).update(read=3, accepted=2)
    Batch.objects.filter(pk=batch).update(read=3, accepted=2, duplicate=1)


@pytest.mark.django_db(transaction=True)
def test_it_tries_again_when_two_batches_block_each_other() -> None:
    both, errors, tries = threading.Barrier(2), [], [0, 0]

    def work(first: int, second: int) -> None:
        def crossed() -> None:
            tries[first] += 1
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(4711, %s)", [first])
                if tries[first] == 1:
                    both.wait(30)
                cursor.execute("SELECT pg_advisory_xact_lock(4711, %s)", [second])

        try:
            attempts.patiently(crossed)
        except OperationalError as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in ((0, 1), (1, 0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(tries) == [1, 2]
