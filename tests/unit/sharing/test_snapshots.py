"""A provider's whole list: who no longer stands in it ends, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from rongxin.parties import subjects
from rongxin.sharing.aggregation import holding, withdrawal
from rongxin.sharing.errors import Held, Refused
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Mode, Status
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.records import stored

from .conftest import CLERK, Bureau, code

pytestmark = pytest.mark.django_db
DEBTOR, RATING = "dishonest_judgment_debtor", "taxpayer_credit_rating"
SECOND = Actor(ActorKind.ACCOUNT, "second", "operator")
Listed = Callable[..., Path]


@pytest.fixture
def debtors(bureau: Bureau) -> Listed:
    def written(*firms: int, conduct: str = "虚构") -> Path:
        header = ("案号", "企业名称", "身份证号码/统一社会信用代码", "失信被执行人行为具体情形", "发布时间")
        rows = [(f"云执{n}号", f"云州{n}厂", code(n), conduct, "2026-03-01") for n in firms]
        return bureau.writes(header, rows)

    return written


def live(bureau: Bureau, item: str, *firms: int) -> list[int]:
    """Return how many records count of each firm."""
    found = [subjects.find(code(n)) for n in firms]
    return [len(stored.of(s.id, [item], as_of=bureau.today)[item]) if s else 0 for s in found]


def lists(
    bureau: Bureau, path: Path, item: str = DEBTOR, provider: str = "peoples_court", **given: Any
) -> Any:
    return bureau.submits(path, item, provider, mode=Mode.SNAPSHOT, **given)


def increments(bureau: Bureau, path: Path) -> Any:
    return bureau.submits(path, DEBTOR, "peoples_court")


def test_it_ends_who_no_longer_stands_on_the_list(bureau: Bureau, debtors: Listed) -> None:
    increments(bureau, debtors(1, 2))
    receipt = lists(bureau, debtors(2, 3))
    assert (receipt.ended, receipt.counts.accepted, receipt.counts.duplicate) == (1, 1, 1)
    assert receipt.document()["mode"] == "snapshot"
    assert live(bureau, DEBTOR, 1, 2, 3) == [0, 1, 1]


def test_it_lets_a_firm_return_to_the_list_word_for_word(bureau: Bureau, debtors: Listed) -> None:
    lists(bureau, debtors(1, 2))
    lists(bureau, debtors(2))
    receipt = lists(bureau, debtors(1, 2))
    assert (receipt.counts.accepted, receipt.counts.rejected) == (1, 0)
    assert live(bureau, DEBTOR, 1, 2) == [1, 1]


def test_it_ends_only_the_years_that_a_list_of_a_grade_speaks_of(bureau: Bureau) -> None:
    header = ("企业名称", "统一社会信用代码", "评级年度", "纳税信用等级")

    def ratings(*rows: tuple[int, int, str]) -> Path:
        return bureau.writes(header, [(f"云州{n}厂", code(n), year, grade) for n, year, grade in rows])

    bureau.submits(ratings((1, 2024, "A"), (1, 2025, "A"), (2, 2025, "A")), RATING, "tax_bureau")
    receipt = lists(bureau, ratings((2, 2025, "A"), (1, 2025, "B")), RATING, "tax_bureau")
    assert (receipt.ended, receipt.counts.rejected) == (1, 1)
    assert live(bureau, RATING, 1, 2) == [1, 1]


def test_it_refuses_an_old_list_once_a_newer_one_counts(bureau: Bureau, debtors: Listed) -> None:
    lists(bureau, debtors(1, 2))
    with pytest.raises(Refused) as refused:
        lists(bureau, debtors(1), listed_on=date(2026, 3, 20))
    assert refused.value.code == "list_overtaken"
    assert live(bureau, DEBTOR, 1, 2) == [1, 1]


def test_an_old_list_does_not_end_what_a_newer_batch_brought(bureau: Bureau, debtors: Listed) -> None:
    increments(bureau, debtors(1, 2))
    increments(bureau, debtors(3))
    receipt = lists(bureau, debtors(1), listed_on=bureau.today.date() - timedelta(days=1))
    assert receipt.ended == 1
    assert live(bureau, DEBTOR, 1, 2, 3) == [1, 0, 1]


def test_it_brings_back_what_a_withdrawn_list_had_ended(bureau: Bureau, debtors: Listed) -> None:
    increments(bureau, debtors(1, 2))
    first = lists(bureau, debtors(2))
    done = withdrawal.withdraw(first.batch, actor=CLERK_OF_COURT, as_of=bureau.today)
    assert (done.ended, done.reinstated) == (0, 1)
    assert live(bureau, DEBTOR, 1, 2) == [1, 1]


def test_a_newer_list_stands_when_the_one_before_it_is_taken_back(bureau: Bureau, debtors: Listed) -> None:
    increments(bureau, debtors(1, 2))
    first, second = lists(bureau, debtors(2)), lists(bureau, debtors(2, 3))
    assert withdrawal.withdraw(first.batch, actor=CLERK_OF_COURT, as_of=bureau.today).reinstated == 0
    assert live(bureau, DEBTOR, 1) == [0]
    withdrawal.withdraw(second.batch, actor=CLERK_OF_COURT, as_of=bureau.today)
    assert live(bureau, DEBTOR, 1, 2, 3) == [1, 1, 0]


@pytest.mark.parametrize(("there", "named"), [(10, 5), (4, 1)])
def test_it_holds_a_list_that_would_end_too_many(
    bureau: Bureau, debtors: Listed, there: int, named: int
) -> None:
    increments(bureau, debtors(*range(there)))
    with pytest.raises(Held) as held:
        lists(bureau, debtors(*range(named)))
    assert [finding["rule"] for finding in held.value.findings] == ["snapshot_ended"]
    assert live(bureau, DEBTOR, *range(there)) == [1] * there
    receipt = holding.release(held.value.batch, actor=SECOND, as_of=bureau.today)
    assert (receipt.ended, receipt.counts.duplicate) == (there - named, named)
    assert live(bureau, DEBTOR, *range(there)) == [1] * named + [0] * (there - named)


def test_it_holds_a_list_with_a_row_that_may_be_the_one_it_would_end(bureau: Bureau, debtors: Listed) -> None:
    increments(bureau, debtors(1, 2))
    path = debtors(1, 2)
    path.write_text(path.read_text("utf-8-sig").replace(code(2), code(2)[:17] + "?"), "utf-8")
    with pytest.raises(Held) as held:
        lists(bureau, path)
    assert [finding["rule"] for finding in held.value.findings] == ["snapshot_unread"]
    assert live(bureau, DEBTOR, 2) == [1]


def test_it_refuses_a_list_of_what_is_no_list(bureau: Bureau, penalties: Listed) -> None:
    with pytest.raises(Refused) as refused:
        bureau.submits(penalties((1, "一号", "1")), "administrative_penalty", mode=Mode.SNAPSHOT)
    assert (refused.value.code, Batch.objects.count()) == ("no_full_list", 0)


def test_a_rehearsed_list_ends_nothing_and_says_what_it_would(bureau: Bureau, debtors: Listed) -> None:
    increments(bureau, debtors(1, 2))
    assert lists(bureau, debtors(2), dry_run=True).ended == 1
    assert live(bureau, DEBTOR, 1, 2) == [1, 1]
    assert Batch.objects.get().status == Status.FILED


CLERK_OF_COURT = Actor(CLERK.kind, CLERK.id, "provider:peoples_court")
