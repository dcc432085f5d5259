"""Full lists and withdrawals of several sources: each list keeps its own rows away, and no other's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import polars as pl
import pytest
from django.db import transaction

from rongxin.records import answered, filing
from rongxin.records.filing import FullLists
from tests.unit.records.conftest import CLERK, SCHEMA, Bureau, Row
from tests.unit.records.test_sources import ITEM, MARCH, SOURCES, hand_in, live, penalty

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(subject: Callable[[], int]) -> int:
    return subject()


List = tuple[UUID, datetime]


def withdraw(bureau: Bureau, batch: UUID, *, lists: Sequence[List] = (), relists: str | None = None) -> None:
    """Take a batch back the next day, while the city's `lists` stand."""
    bureau.day += timedelta(days=1)
    standing = FullLists(
        tuple("city" for _ in lists),
        tuple(id for id, _ in lists),
        tuple(at for _, at in lists),
        tuple(at.date() for _, at in lists),
    )
    filing.withdraw_batch(
        batch,
        item=ITEM,
        actor=CLERK,
        as_of=bureau.day,
        precedence=SOURCES,
        lists=standing,
        relists=relists,
    )


def list_without(bureau: Bureau, firm: int, provider: str) -> List:
    """Hand in a provider's full list that names another decision only."""
    batch, _ = bureau.lists(Row(2, firm, "二号", {"fine": "1.00"}, MARCH), provider=provider)
    return batch, bureau.day


def test_anothers_withdrawal_revives_nothing_against_a_list(bureau: Bureau, firm: int) -> None:
    hand_in(bureau, "city", penalty(firm, "12.00"))
    first = list_without(bureau, firm, "city")
    nation, _ = hand_in(bureau, "nation", penalty(firm))
    second = list_without(bureau, firm, "city")
    withdraw(bureau, first[0], lists=[second], relists="city")
    withdraw(bureau, nation, lists=[second])
    assert ("city", "12.00") not in live(firm, bureau)


def test_every_list_that_leaves_a_row_out_counts(bureau: Bureau, firm: int) -> None:
    nation, _ = hand_in(bureau, "nation", penalty(firm))
    hand_in(bureau, "city", penalty(firm, "12.00"))
    first, second = list_without(bureau, firm, "city"), list_without(bureau, firm, "city")
    withdraw(bureau, first[0], lists=[second], relists="city")
    withdraw(bureau, nation)
    assert ("city", "12.00") not in live(firm, bureau)


def test_what_only_a_list_had_kept_away_comes_back_with_it(bureau: Bureau, firm: int) -> None:
    nation, _ = hand_in(bureau, "nation", penalty(firm))
    hand_in(bureau, "city", penalty(firm, "12.00"))
    first = list_without(bureau, firm, "city")
    withdraw(bureau, nation)
    withdraw(bureau, first[0], relists="city")
    assert ("city", "12.00") in live(firm, bureau)


def test_a_better_source_that_comes_back_takes_its_place(bureau: Bureau, firm: int) -> None:
    hand_in(bureau, "nation", penalty(firm))
    first = list_without(bureau, firm, "nation")
    hand_in(bureau, "city", penalty(firm, "12.00"))
    withdraw(bureau, first[0], relists="nation")
    found = live(firm, bureau)
    assert ("nation", "10.00") in found
    assert ("city", "12.00") not in found


def turn(bureau: Bureau, firm: int, *rows: Row) -> tuple[UUID, int]:
    """File what a provider answered about a firm; return the batch and how many rows ended."""
    bureau.day += timedelta(days=1)
    lot = filing.Lot(uuid4(), ITEM, 1, "bureau", bureau.day, False)
    with transaction.atomic():
        if rows:
            staging = filing.stage(lot, as_of=bureau.day)
            staging.write(pl.DataFrame(list(rows), schema=SCHEMA))
            staging.file()
        by = f"bulk:{lot.batch_id}"
        done = answered.end_absent(lot, [firm], staged=bool(rows), by=by, as_of=bureau.day)
    return lot.batch_id, done.ended


def test_what_its_source_has_no_longer_does_not_come_back(bureau: Bureau, firm: int) -> None:
    turn(bureau, firm, penalty(firm, "1.00"))
    second, _ = turn(bureau, firm, penalty(firm, "2.00"))
    withdraw(bureau, second)
    assert live(firm, bureau) == [("bureau", "1.00")]
    assert turn(bureau, firm)[1] == 1
    third, _ = turn(bureau, firm, penalty(firm, "3.00"))
    withdraw(bureau, third)
    assert live(firm, bureau) == []
