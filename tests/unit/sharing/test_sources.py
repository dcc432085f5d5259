"""Nobody is asked twice ((五)): 凡已实现共享的信息，不再要求有关部门和单位重复提供."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from rongxin.catalogue import loader
from rongxin.catalogue.errors import UnknownItem
from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.parties import providers
from rongxin.parties.errors import AlreadyKnown
from rongxin.sharing import item_sources, source_levels
from rongxin.sharing.aggregation import batches, outcomes, receipts, withdrawal
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Outcome
from rongxin.sharing.schedule import lateness, plans
from rongxin.sharing.schedule.rules import Every
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.level import SourceLevel

from .conftest import NOW, PROVIDER, Bureau, code

pytestmark = pytest.mark.django_db
PENALTY, DEBTORS = "administrative_penalty", "dishonest_judgment_debtor"
OPERATOR = Actor(ActorKind.ACCOUNT, "op", "operator:node")
HEADER = (
    "企业名称",
    "统一社会信用代码",
    "行政处罚决定书文号",
    "罚款金额",
    "行政处罚决定日期",
    "行政机关名称",
)


@pytest.fixture(autouse=True)
def levels(node: None) -> None:
    """The nation's and the province's platform beside the catalogue's own provider and one more."""
    for provider, level in (("nation", SourceLevel.NATIONAL), ("province", SourceLevel.PROVINCIAL)):
        admit(provider, PENALTY, DEBTORS)
        source_levels.set_level(provider, level, actor=OPERATOR, as_of=NOW)
    admit("ecology", PENALTY)


def admit(provider: str, *items: str) -> None:
    providers.admit(provider, name=provider, department="", items=items, actor=OPERATOR, as_of=NOW)


def penalty(bureau: Bureau, number: str, fine: str, authority: str = "云州市市场监管局") -> Path:
    row = ("云州第1商贸有限公司", code(1), number, fine, "2026-03-01", authority)
    return bureau.writes(HEADER, [row])


def hand_in(bureau: Bureau, provider: str, *given: Any) -> receipts.Receipt:
    return bureau.submits(penalty(bureau, *given), PENALTY, provider)


def live() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT provider, payload ->> 'fine_cny' FROM records_record"
            " WHERE item = %s AND ended_at IS NULL ORDER BY 1, 2",
            [PENALTY],
        )
        return cursor.fetchall()


def test_a_decision_that_a_better_source_shares_is_known_and_points_there(bureau: Bureau) -> None:
    first = hand_in(bureau, "nation", "云市监罚〔2026〕3号", "100")
    on = bureau.today.date().isoformat()
    receipt = hand_in(bureau, PROVIDER, "云市监罚[2026] 3号", "101")
    assert (receipt.counts.accepted, receipt.counts.duplicate, receipt.counts.read) == (0, 1, 1)
    assert receipt.known == (receipts.Known("nation", str(first.batch), on, 1),)
    assert live() == [("nation", "100")]
    assert receipt.batch is not None
    (row,) = outcomes.known_of(receipt.batch)
    assert (row["held_provider"], row["held_batch"], row["held_on"]) == ("nation", str(first.batch), on)
    assert "无需重复提供" in row["message"]
    assert outcomes.known_of(receipt.batch, after=row["line"]) == []


def test_what_a_receipt_says_of_sources_is_signed_and_old_receipts_stay_as_signed(bureau: Bureau) -> None:
    plain = hand_in(bureau, "nation", "一号", "100")
    receipt = hand_in(bureau, PROVIDER, "一号", "101")
    keys = keyring.verifying_keys()
    assert "known" not in plain.document()
    for one in (plain, receipt):
        kept = json.loads(json.dumps(one.document()))
        assert receipts.verify(receipts.read(kept).document(), keys)
    forged = replace(receipt, known=(replace(receipt.known[0], provider="province"),))
    with pytest.raises(Exception, match="changed"):
        receipts.verify(forged.document(), keys)


def test_a_local_decision_stays_and_comes_back_when_the_better_source_takes_its_own_away(
    bureau: Bureau,
) -> None:
    hand_in(bureau, PROVIDER, "一号", "101")
    hand_in(bureau, PROVIDER, "二号", "7")
    national = hand_in(bureau, "nation", "一号", "100")
    assert (national.counts.accepted, national.superseded) == (1, 1)
    provincial = hand_in(bureau, "province", "一号", "102")
    assert provincial.counts.duplicate == 1
    assert hand_in(bureau, PROVIDER, "一号", "103").counts.duplicate == 1
    assert live() == [(PROVIDER, "7"), ("nation", "100")]
    for receipt, left in ((national, ("province", "102")), (provincial, (PROVIDER, "103"))):
        assert receipt.batch is not None
        bureau.today += timedelta(days=1)
        withdrawal.withdraw(receipt.batch, actor=SYSTEM, as_of=bureau.today)
        assert live() == sorted([(PROVIDER, "7"), left])


def test_of_equal_sources_the_first_counts(bureau: Bureau) -> None:
    hand_in(bureau, "ecology", "一号", "100")
    assert hand_in(bureau, PROVIDER, "一号", "101").known[0].provider == "ecology"
    assert live() == [("ecology", "100")]


def test_another_authoritys_decision_under_the_same_number_is_handed_back(bureau: Bureau) -> None:
    hand_in(bureau, PROVIDER, "一号", "101")
    receipt = hand_in(bureau, "nation", "一号", "100", "云州市生态环境局")
    assert [line.rule for line in receipt.rejects] == ["other_authority"]
    assert live() == [(PROVIDER, "101")]


def test_a_file_that_is_known_from_end_to_end_is_not_suspicious(bureau: Bureau) -> None:
    for number in range(6):
        hand_in(bureau, PROVIDER, f"{number}号", "1")
    hand_in(bureau, "nation", "甲号", "1")
    receipt = hand_in(bureau, PROVIDER, "甲号", "2")
    assert receipt.counts.duplicate == 1
    profile = batches.Batch.objects.get(pk=receipt.batch).profile
    assert profile["duplicates"] == 0


def test_the_sources_of_an_item_stand_by_level_with_their_last_batch(bureau: Bureau) -> None:
    receipt = hand_in(bureau, "province", "一号", "100")
    found = item_sources.of(loader.load().item(PENALTY), as_of=bureau.today)
    assert [(s.provider, s.level.value, s.place, s.delivers) for s in found] == [
        ("nation", "national", 0, False),
        ("province", "provincial", 1, True),
        (PROVIDER, "city", 2, False),
        ("ecology", "city", 2, False),
    ]
    assert found[1].document()["last_batch"] == str(receipt.batch)
    (other,) = item_sources.others(loader.load().item(PENALTY), PROVIDER, as_of=bureau.today)
    assert other.provider == "province"
    assert item_sources.others(loader.load().item(PENALTY), "nation", as_of=bureau.today) == []


def test_a_source_of_which_no_row_was_taken_shares_nothing(bureau: Bureau) -> None:
    row = ("云州第1商贸有限公司", "没有代码", "一号", "1", "2026-03-01", "云州市市场监管局")
    receipt = bureau.submits(bureau.writes(HEADER, [row]), PENALTY, "nation")
    assert receipt.counts.accepted == 0
    assert item_sources.others(loader.load().item(PENALTY), PROVIDER, as_of=bureau.today) == []


def test_a_source_is_taken_in_once_and_for_items_of_the_catalogue() -> None:
    with pytest.raises(AlreadyKnown):
        admit("ecology", PENALTY)
    with pytest.raises(UnknownItem):
        admit("another", "no_such_item")


def test_the_operator_sets_a_level_and_it_is_journalled() -> None:
    version = source_levels.set_level("ecology", SourceLevel.PROVINCIAL, actor=OPERATOR, as_of=NOW)
    assert version == 1
    noted = {(e.refs["provider"], e.refs["level"]) for e in entries.find(kinds=[Kind.SOURCE_LEVEL_SET])}
    assert noted == {("nation", "national"), ("province", "provincial"), ("ecology", "provincial")}
    clerk = Actor(ActorKind.ACCOUNT, "clerk", "provider:ecology")
    for provider, actor in (("ecology", clerk), ("nobody", OPERATOR)):
        with pytest.raises(Refused):
            source_levels.set_level(provider, SourceLevel.NATIONAL, actor=actor, as_of=NOW)


@pytest.fixture
def debtors(bureau: Bureau) -> Callable[[str, str], receipts.Receipt]:
    header = ("案号", "企业名称", "统一社会信用代码", "执行法院", "立案时间", "发布时间")

    def handed_in(provider: str, number: str) -> receipts.Receipt:
        row = (number, "云州第1商贸有限公司", code(1), "云州市中级人民法院", "2026-03-01", "2026-03-02")
        return bureau.submits(bureau.writes(header, [row]), DEBTORS, provider)

    return handed_in


def monthly(item: str, provider: str, bureau: Bureau, every: Every = Every.MONTH) -> plans.Segment:
    day = 10 if every is Every.MONTH else None
    return plans.set_plan(
        item=item,
        provider=provider,
        every=every,
        day=day,
        grace_working_days=0,
        actor=OPERATOR,
        as_of=bureau.today,
    )


def test_nobody_is_asked_for_what_is_shared_nationally(bureau: Bureau, debtors: Callable[..., Any]) -> None:
    """失信被执行人 is shared nationally; until the court is connected, the province may go first."""
    monthly(DEBTORS, "province", bureau)
    debtors("province", "(2026)云01执1号")
    bureau.today += timedelta(days=45)
    national = debtors("peoples_court", "(2026)云01执1号")
    with pytest.raises(Refused) as refused:
        monthly(DEBTORS, "province", bureau)
    assert refused.value.code == "already_shared"
    assert str(national.batch) in refused.value.where
    assert monthly(DEBTORS, "province", bureau, Every.NEVER).version == 2
    assert monthly(DEBTORS, "peoples_court", bureau).version == 1


def test_a_plan_is_over_the_day_a_national_source_begins(bureau: Bureau, debtors: Callable[..., Any]) -> None:
    monthly(DEBTORS, "province", bureau)
    debtors("peoples_court", "(2026)云01执1号")
    later = bureau.today + timedelta(days=60)
    assert lateness.remind(as_of=later) == 0
    item_batch = batches.latest(provider="peoples_court")[0]
    withdrawal.withdraw(item_batch.id, actor=SYSTEM, as_of=later)
    assert lateness.remind(as_of=later) > 0


def test_a_local_source_is_still_asked_where_the_annex_shares_at_either_level(bureau: Bureau) -> None:
    hand_in(bureau, "nation", "一号", "100")
    assert monthly(PENALTY, PROVIDER, bureau).version == 1


def test_a_row_names_the_batch_that_holds_it_and_no_content_of_it(bureau: Bureau) -> None:
    first = hand_in(bureau, "nation", "一号", "100")
    hand_in(bureau, PROVIDER, "一号", "101")
    (row,) = Outcome.objects.filter(rule="known")
    assert row.held_batch == first.batch
    assert row.raw is None
    assert isinstance(row.held_batch, UUID)
