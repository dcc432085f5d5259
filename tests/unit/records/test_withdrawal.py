"""Withdrawing a batch: its rows end, and what had stood before stands again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from rongxin.records import filing
from rongxin.records.errors import AlreadyWithdrawn
from rongxin.records.rules import EndedWhy

from . import stored
from .conftest import CLERK, Bureau, Row

pytestmark = pytest.mark.django_db
ITEM = "administrative_penalty"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def firm(subject: Callable[[], int]) -> int:
    return subject()


def live(firm: int, bureau: Bureau) -> list[tuple[object, ...]]:
    return [(row.payload["n"], row.batch_id) for row in stored.of(firm, [ITEM], as_of=bureau.day)[ITEM]]


def version(firm: int, number: str, on: date = MARCH) -> Row:
    return Row(2, firm, "一号", {"n": number}, on)


def test_it_brings_back_what_the_batch_had_superseded(bureau: Bureau, firm: int) -> None:
    first, *_ = bureau.files(version(firm, "1"))
    second, *_ = bureau.files(version(firm, "2"))
    between = bureau.day
    done = bureau.withdraws(second)
    assert (done.ended, done.reinstated) == (1, 1)
    assert live(firm, bureau) == [("1", first)]
    assert [row.payload for row in stored.of(firm, [ITEM], as_of=between)[ITEM]] == [{"n": "2"}]


def test_it_brings_back_nothing_of_a_withdrawn_batch(bureau: Bureau, firm: int) -> None:
    first, *_ = bureau.files(version(firm, "1"))
    second, *_ = bureau.files(version(firm, "2"))
    third, *_ = bureau.files(version(firm, "3"))
    assert bureau.withdraws(second).ended == 0
    assert bureau.withdraws(third).reinstated == 1
    assert live(firm, bureau) == [("1", first)]
    assert bureau.withdraws(first).ended == 1
    assert live(firm, bureau) == []


def test_it_never_brings_back_a_repaired_record(bureau: Bureau, firm: int) -> None:
    bureau.files(version(firm, "1"))
    second, *_ = bureau.files(version(firm, "2"))
    (row,) = stored.of(firm, [ITEM], as_of=bureau.day)[ITEM]
    filing.end([row.id], EndedWhy.REPAIRED, subject_id=firm, ended_by="r", actor=CLERK, as_of=bureau.day)
    done = bureau.withdraws(second)
    assert (done.ended, done.reinstated, live(firm, bureau)) == (0, 0, [])


def test_it_restores_the_time_before_not_an_older_one(bureau: Bureau, firm: int) -> None:
    """What an objection had corrected away stood no longer when the withdrawn batch came."""
    bureau.files(version(firm, "1"))
    bureau.files(version(firm, "2"))
    (row,) = stored.of(firm, [ITEM], as_of=bureau.day)[ITEM]
    filing.end([row.id], EndedWhy.CORRECTED, subject_id=firm, ended_by="o", actor=CLERK, as_of=bureau.day)
    third, *_ = bureau.files(version(firm, "3"))
    assert (bureau.withdraws(third).reinstated, live(firm, bureau)) == (0, [])


def test_it_lets_the_same_rows_in_again_after_a_withdrawal(bureau: Bureau, firm: int) -> None:
    first, *_ = bureau.files(version(firm, "1"))
    bureau.withdraws(first)
    _, filed, findings = bureau.files(version(firm, "1"))
    assert (filed.stored, findings) == (1, [])


def test_it_withdraws_a_batch_once(bureau: Bureau, firm: int) -> None:
    first, *_ = bureau.files(version(firm, "1"))
    bureau.withdraws(first)
    with pytest.raises(AlreadyWithdrawn):
        bureau.withdraws(first)


def test_it_never_brings_back_what_an_objection_found_wrong(bureau: Bureau, firm: int) -> None:
    bureau.files(version(firm, "1"))
    second, *_ = bureau.files(version(firm, "2"))
    bureau.withdraws(second)
    (row,) = stored.of(firm, [ITEM], as_of=bureau.day)[ITEM]
    filing.end([row.id], EndedWhy.CORRECTED, subject_id=firm, ended_by="o", actor=CLERK, as_of=bureau.day)
    third, *_ = bureau.files(version(firm, "3"))
    assert (bureau.withdraws(third).reinstated, live(firm, bureau)) == (0, [])
