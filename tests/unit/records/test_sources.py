"""Several sources of one record: one counts, the others stand by, and none is lost ((五))."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import count, permutations
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.records import filing, row_endings
from rongxin.records.rules import Fate, Precedence

from . import stored
from .conftest import CLERK, Bureau, Row

pytestmark = pytest.mark.django_db
ITEM = "administrative_penalty"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
SOURCES = Precedence({"nation": 0, "province": 1}, others=2)
ITEMS = count()
LAX = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def firm(subject: Callable[[], int]) -> int:
    return subject()


def penalty(firm: int, fine: str = "10.00", key: str = "一号", on: date = MARCH, **more: str) -> Row:
    return Row(2, firm, key, {"fine": fine, **more}, on)


def hand_in(bureau: Bureau, provider: str, *rows: Row, item: str = ITEM) -> tuple[UUID, list[filing.Finding]]:
    batch, _, findings = bureau.files(*rows, item=item, provider=provider, precedence=SOURCES)
    return batch, findings


def live(firm: int, bureau: Bureau, item: str = ITEM) -> list[tuple[str, str]]:
    rows = stored.of(firm, [item], as_of=bureau.day)[item]
    return sorted((row.provider, row.payload["fine"]) for row in rows)


def test_what_a_better_source_shares_is_known_and_pointed_at(bureau: Bureau, firm: int) -> None:
    national, _ = hand_in(bureau, "nation", penalty(firm))
    received_on = bureau.day.date()
    for fine in ("12.00", "10.00"):  # in other words, and in the same
        _, (found,) = hand_in(bureau, "city", penalty(firm, fine, on=APRIL))
        assert (found.fate, found.held_batch) == (Fate.KNOWN, national)
        assert (found.held_provider, found.held_on) == ("nation", received_on)
    assert live(firm, bureau) == [("nation", "10.00")]


def test_a_better_source_takes_the_place_of_a_local_one(bureau: Bureau, firm: int) -> None:
    hand_in(bureau, "city", penalty(firm, "12.00", on=APRIL), Row(3, firm, "二号", {"fine": "1.00"}, MARCH))
    national, findings = hand_in(bureau, "nation", penalty(firm))
    assert findings == []
    assert live(firm, bureau) == [("city", "1.00"), ("nation", "10.00")]
    assert ended(firm) == [("city", "superseded", f"batch:{national}")]


def ended(firm: int) -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT provider, ended_why, ended_by FROM records_record"
            " WHERE subject_id = %s AND ended_at IS NOT NULL ORDER BY id",
            [firm],
        )
        return cursor.fetchall()


def test_the_same_words_stand_by_once(bureau: Bureau, firm: int) -> None:
    hand_in(bureau, "nation", penalty(firm))
    for fine in ("12.00", "12.00", "13.00", "12.00"):
        hand_in(bureau, "city", penalty(firm, fine))
    assert [provider for provider, *_ in ended(firm)] == ["city"] * 3


@pytest.mark.parametrize(
    ("local", "national", "fates"),
    [
        ({"authority_uscc": "1"}, {"authority_uscc": "2"}, [Fate.OTHER_AUTHORITY]),
        ({"authority": "甲局"}, {"authority": "乙局"}, [Fate.OTHER_AUTHORITY]),
        ({"authority_uscc": "1", "authority": "甲局"}, {"authority_uscc": "1", "authority": "甲"}, []),
        ({"authority_uscc": "1"}, {"authority": "乙局"}, []),
    ],
)
def test_it_never_takes_two_authorities_decisions_for_one(
    bureau: Bureau, firm: int, local: dict[str, str], national: dict[str, str], fates: list[Fate]
) -> None:
    hand_in(bureau, "city", penalty(firm, "12.00", **local))
    _, findings = hand_in(bureau, "nation", penalty(firm, **national))
    assert [found.fate for found in findings] == fates
    assert live(firm, bureau) == ([("city", "12.00")] if fates else [("nation", "10.00")])


@pytest.mark.parametrize("first", ["nation", "city"])
def test_one_row_taken_back_leaves_the_other_sources(bureau: Bureau, firm: int, first: str) -> None:
    second = {"nation": "city", "city": "nation"}[first]
    batches = {}
    for provider in (first, second):
        batches[provider], _ = hand_in(bureau, provider, penalty(firm, provider))
    row = row_endings.standing(batches["nation"], 2, item=ITEM)
    back = row_endings.withdraw(
        row,
        lists=filing.NO_LISTS,
        ended_by="row:1",
        actor=CLERK,
        as_of=bureau.day,
        precedence=SOURCES,
    )
    assert (back, live(firm, bureau)) == (1, [("city", "city")])


@pytest.mark.parametrize("withdrawn", [False, True])
def test_what_a_list_left_out_meanwhile_stays_out(bureau: Bureau, firm: int, withdrawn: bool) -> None:
    """The city's later list no longer names the entry; unless that list is taken back, it is over."""
    national, _ = hand_in(bureau, "nation", penalty(firm))
    hand_in(bureau, "city", penalty(firm, "12.00"))
    listed, _ = bureau.lists(Row(2, firm, "二号", {"fine": "1.00"}, MARCH), provider="city")
    if withdrawn:
        bureau.withdraws(listed, precedence=SOURCES)
    bureau.withdraws(national, precedence=SOURCES)
    expected = [("city", "12.00")] if withdrawn else [("city", "1.00")]
    assert live(firm, bureau) == expected


def test_what_a_list_ends_is_counted_against_its_own_rows_alone(
    bureau: Bureau, subject: Callable[[], int]
) -> None:
    """The province's list takes nine places of the city's; two of its own three rows it leaves out, one of
    which only stands by the nation's.
    """
    firms = [subject() for _ in range(12)]
    rows = [Row(2 + n, firm, "一号", {"fine": "10.00"}, MARCH) for n, firm in enumerate(firms)]
    hand_in(bureau, "city", *rows[:9])
    hand_in(bureau, "nation", rows[11])
    hand_in(bureau, "province", *rows[9:])
    named = rows[:10]
    done = bureau.lists_of("province", *named, precedence=SOURCES)
    assert done == filing.Delisted(ended=1, live=1, superseded=0, unlisted=1, standing_by=0)
    again = bureau.lists_of("province", *named, precedence=SOURCES)
    assert again == filing.Delisted(ended=0, live=10)


FILES = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("123")), min_size=1, max_size=4, unique=True
)


@LAX
@given(files=st.fixed_dictionaries(dict.fromkeys(("city", "province", "nation"), FILES)), data=st.data())
def test_any_order_ends_in_the_same_live_records_and_a_withdrawal_leaves_the_others(
    bureau: Bureau, subject: Callable[[], int], files: dict[str, Any], data: st.DataObject
) -> None:
    firms, orders = {"a": subject(), "b": subject()}, list(permutations(files))
    gone = data.draw(st.permutations(list(files)))
    for order in orders[:: data.draw(st.integers(2, 4))]:
        item, batches = f"source_{next(ITEMS)}", {}
        for provider in order:
            batches[provider] = _file(bureau, provider, files[provider], firms, item)
        left = dict(files)
        for provider in (None, *gone):
            if provider is not None:
                bureau.withdraws(batches[provider], item, precedence=SOURCES)
                del left[provider]
            assert _all(bureau, firms, item) == _wanted(left, firms)


def _file(bureau: Bureau, provider: str, file: Any, firms: dict[str, int], item: str) -> UUID:
    days = {"nation": MARCH, "province": APRIL, "city": APRIL}
    rows = [Row(n, firms[who], key, {"fine": provider}, days[provider]) for n, (who, key) in enumerate(file)]
    return hand_in(bureau, provider, *rows, item=item)[0]


def _wanted(files: dict[str, Any], firms: dict[str, int]) -> dict[tuple[int, str], str]:
    """Of each record the version of the best source that hands it in."""
    found: dict[tuple[int, str], str] = {}
    for provider in sorted(files, key=SOURCES.place, reverse=True):
        found |= {(firms[who], key): provider for who, key in files[provider]}
    return found


def _all(bureau: Bureau, firms: dict[str, int], item: str) -> dict[tuple[int, str], str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_id, record_key, provider FROM records_record"
            " WHERE item = %s AND subject_id = ANY(%s) AND ended_at IS NULL",
            [item, list(firms.values())],
        )
        return {(subject, key): provider for subject, key, provider in cursor.fetchall()}
