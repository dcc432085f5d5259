"""A provider puts one row right, and report, lake and set path follow."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from psycopg import sql

from rongxin.catalogue import example, loader
from rongxin.catalogue.schema import Item
from rongxin.disclosure import rules, sets
from rongxin.journal import keyring
from rongxin.journal.models import Entry
from rongxin.parties import subjects
from rongxin.records import filing, lake_keeping, lake_verification
from rongxin.records.errors import RowOver, RowUnknown
from rongxin.records.models import Record
from rongxin.records.rules import EndedWhy, Fate
from rongxin.sharing.aggregation import batches, corrected_row, outcomes, receipts, row_changes, withdrawal
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.reason import Reason
from tests.unit.records import lake_stage, stored

from .conftest import CLERK, Bureau, code

pytestmark = pytest.mark.django_db(transaction=True)
ITEM = "administrative_penalty"
Penalties = Callable[..., Path]
Shown = tuple[list[Any], list[Any], list[Any]]


class Store:
    """What a department has filed, and what the three ways out of the store show of it."""

    def __init__(self, bureau: Bureau, penalties: Penalties) -> None:
        self.bureau, self.penalties = bureau, penalties

    def files(self, *rows: tuple[int, str, str]) -> Any:
        receipt = self.bureau.submits(self.penalties(*rows), ITEM)
        assert receipt.counts.accepted == len(rows), receipt.rejects
        return receipt.batch

    def corrects(self, batch: Any, given: dict[str, str], line: int = 2, actor: Actor = CLERK) -> Any:
        return row_changes.correct(batch, line, given, reason="录入有误", actor=actor, as_of=self.later())

    def withdraws_row(self, batch: Any, line: int = 2) -> row_changes.Ended:
        return row_changes.withdraw(batch, line, reason="误报", actor=CLERK, as_of=self.later())

    def ends(self, batch: Any, why: str, line: int = 2) -> row_changes.Ended:
        return row_changes.end(batch, line, why=why, reason="撤销", actor=CLERK, as_of=self.later())

    def later(self) -> Any:
        self.bureau.today += timedelta(days=1)
        return self.bureau.today

    def shows(self) -> Shown:
        """Report, lake and set path; the lake brought up to date and held against the table by digest."""
        lake_keeping.catch_up(as_of=self.later())
        assert not list(lake_verification.files())
        assert lake_verification.contents(ITEM) is None
        lying = [row[:2] + row[3:] for row in lake_stage.laid_down().values()]
        assert sorted(map(str, lake_stage.laid_down().items())) == sorted(map(str, lake_stage.held().items()))
        return self.report(), sorted(lying, key=str), self.set_path()

    def report(self) -> list[Any]:
        found = []
        for firm in range(1, 4):
            subject = subjects.find(code(firm))
            rows = stored.of(subject.id, [ITEM], as_of=self.bureau.today)[ITEM] if subject else []
            found += [(firm, json.dumps(row.payload, sort_keys=True), row.batch_id, row.line) for row in rows]
        return sorted(found)

    def set_path(self) -> list[Any]:
        item, public = loader.load().item(ITEM), rules.Consented(Reason.CONSENT_MISSING, False, None)
        source = sets.Source(payload=sql.SQL("r.payload"), kind=sql.SQL("s.kind"))
        recipient = rules.RecipientKind.INSTITUTION
        decided = sets.decision(item, "fine_cny", recipient=recipient, consented=public, source=source)
        shown = sets.published(item, recipient=recipient, day=date(2026, 4, 1), source=source)
        query = sql.SQL(
            "SELECT s.uscc, r.payload ->> 'fine_cny', {} FROM records_record r"
            " JOIN parties_subject s ON s.id = r.subject_id WHERE r.ended_at IS NULL AND {} ORDER BY 1, 2"
        ).format(decided, shown)
        with connection.cursor() as cursor:
            cursor.execute(query.as_string(connection.connection))
            return cursor.fetchall()


@pytest.fixture
def store(bureau: Bureau, penalties: Penalties) -> Store:
    return Store(bureau, penalties)


def fines(store: Store) -> list[str]:
    return [json.loads(row[1])["fine_cny"] for row in store.report()]


def test_a_corrected_row_is_a_new_version_with_a_receipt_of_its_own(store: Store) -> None:
    batch = store.files((1, "一号", "100"), (2, "二号", "200"))
    receipt = store.corrects(batch, {"罚款金额": "150.50"})
    report, lake, leaving = store.shows()
    assert fines(store) == ["150.5", "200"]
    assert (len(report), len(lake), [row[1] for row in leaving]) == (2, 2, ["150.5", "200"])
    assert (receipt.mode, receipt.counts.accepted, receipt.ended) == ("correction", 1, 1)
    assert batches.receipt_of(receipt.batch).document() == receipt.document()
    assert receipts.verify(receipt.document(), keyring.verifying_keys())["mode"] == "correction"
    old = Record.objects.get(batch_id=batch, line=2)
    assert (old.ended_why, old.ended_by) == ("corrected", f"batch:{receipt.batch}")
    kinds = Entry.objects.filter(body__contains=str(receipt.batch)).values_list("kind", flat=True)
    assert sorted(kinds) == ["batch.filed", "batch.received", "record.ended"]


def test_a_correction_taken_back_leaves_all_as_if_it_had_never_come(store: Store) -> None:
    batch = store.files((1, "一号", "100"), (2, "二号", "200"))
    before = store.shows()
    for given in ({"罚款金额": "7"}, {"行政处罚决定书文号": "九号"}, {"统一社会信用代码": code(3)}):
        receipt = store.corrects(batch, given)
        assert store.shows() != before
        withdrawal.withdraw(receipt.batch, actor=CLERK, as_of=store.later())
        assert store.shows() == before


def test_a_row_withdrawn_leaves_all_as_if_it_had_never_come(store: Store) -> None:
    store.files((1, "一号", "100"))
    before = store.shows()
    batch = store.files((1, "一号", "300"), (2, "二号", "200"))
    assert store.withdraws_row(batch, 2).reinstated == 1
    assert store.withdraws_row(batch, 3).reinstated == 0
    assert store.shows() == before
    with pytest.raises(RowOver):
        store.withdraws_row(batch, 2)


def test_a_withdrawn_row_stays_away_whatever_later_batches_are_withdrawn(store: Store) -> None:
    first = store.files((1, "一号", "100"))
    second = store.files((1, "一号", "200"))
    third = store.files((1, "一号", "300"))
    store.withdraws_row(third)
    store.withdraws_row(second)
    assert fines(store) == ["100"]
    fourth = store.files((1, "一号", "400"))
    withdrawal.withdraw(third, actor=CLERK, as_of=store.later())
    withdrawal.withdraw(fourth, actor=CLERK, as_of=store.later())
    assert [row[2] for row in store.report()] == [first]


@pytest.mark.parametrize(("why", "again"), [("removed", 0), ("over", 0)])
def test_an_ended_row_is_gone_and_does_not_return_with_the_next_export(
    store: Store, why: str, again: int
) -> None:
    batch = store.files((1, "一号", "100"), (2, "二号", "200"))
    store.ends(batch, why)
    assert fines(store) == ["200"]
    receipt = store.bureau.submits(store.penalties((1, "一号", "100"), (3, "三号", "1")), ITEM)
    assert (receipt.counts.accepted, receipt.counts.rejected) == (1, 1)
    assert [row[0] for row in store.shows()[0]] == [2, 3]


def test_a_batch_that_is_ended_is_gone_with_its_corrections_and_does_not_return(store: Store) -> None:
    store.files((3, "三号", "300"))
    before = store.shows()
    batch = store.files((1, "一号", "100"), (2, "二号", "200"), (1, "四号", "400"))
    corrected = store.corrects(batch, {"罚款金额": "150"}).batch
    by = {"reason": "整批已过公示期", "actor": CLERK}
    assert row_changes.end_batch(batch, why="removed", as_of=store.later(), **by) == 3
    assert store.shows() == before
    ended = Record.objects.filter(batch_id__in=[batch, corrected], ended_why="removed_by_authority")
    assert ended.count() == Entry.objects.filter(kind="record.ended", body__contains="removed").count() == 3
    assert [one["act"] for one in row_changes.of_batch(corrected)] == ["end"]
    again = store.bureau.submits(store.penalties((1, "一号", "100"), (2, "二号", "9")), ITEM)
    assert (again.counts.accepted, store.shows()) == (0, before)
    with pytest.raises(Refused, match="都已终止"):
        row_changes.end_batch(batch, why="removed", as_of=store.later(), **by)


def test_what_was_found_wrong_does_not_return_with_the_next_export(store: Store) -> None:
    batch = store.files((1, "一号", "100"))
    correction = store.corrects(batch, {"罚款金额": "150"})
    stale = store.bureau.submits(store.penalties((1, "一号", "100"), (2, "二号", "1")), ITEM)
    assert [line.rule for line in stale.rejects] == ["barred_corrected"]
    withdrawal.withdraw(correction.batch, actor=CLERK, as_of=store.later())
    right = store.bureau.submits(store.penalties((1, "一号", "100"), (3, "二号", "1")), ITEM)
    assert (right.counts.duplicate, right.counts.rejected) == (1, 0)


def test_only_its_provider_may_put_a_row_right(store: Store) -> None:
    batch = store.files((1, "一号", "100"))
    before = store.shows()
    stranger = Actor(ActorKind.ACCOUNT, "x", "provider:customs")
    acts: list[Callable[[], object]] = [
        lambda: store.corrects(batch, {"罚款金额": "1"}, actor=stranger),
        lambda: row_changes.end(batch, 2, why="over", reason="x", actor=stranger, as_of=store.bureau.today),
        lambda: row_changes.withdraw(batch, 2, reason="x", actor=stranger, as_of=store.bureau.today),
    ]
    for act in acts:
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "not_your_batch"
    assert store.shows() == before


@pytest.mark.parametrize(
    ("given", "code_"),
    [
        ({"罚款金额": "贰佰"}, "chinese_numerals"),
        ({"行政处罚决定日期": "2027-01-01"}, "in_future"),
        ({"统一社会信用代码": "91990100MA00000000"}, "check_digit"),
        ({"行政处罚决定书文号": "二号"}, "record_exists"),
        ({"罚款金额": "100.00"}, "nothing_corrected"),
        ({"罚金": "1"}, "unknown_column"),
        ({"罚款金额": "1", "fine_cny": "2"}, "field_twice"),
        ({}, "nothing_given"),
    ],
)
def test_a_wrong_correction_is_refused_in_words_and_changes_nothing(
    store: Store, given: dict[str, str], code_: str
) -> None:
    batch = store.files((1, "一号", "100"), (1, "二号", "200"))
    before, filed = store.shows(), Batch.objects.count()
    with pytest.raises(Refused) as refused:
        store.corrects(batch, given)
    found = refused.value
    assert code_ in found.code
    assert found.what
    assert found.what_to_do
    assert (store.shows(), Batch.objects.count()) == (before, filed)


def test_a_line_that_was_not_filed_is_named_as_such(store: Store) -> None:
    batch = store.files((1, "一号", "100"))
    with pytest.raises(RowUnknown, match="第 9 行"):
        store.corrects(batch, {"罚款金额": "1"}, line=9)
    with pytest.raises(Refused) as refused:
        row_changes.correct(batch, 2, {"罚款金额": "1"}, reason=" ", actor=CLERK, as_of=store.later())
    assert refused.value.code == "reason_missing"


def test_the_row_of_a_correction_taken_back_is_the_correction_taken_back(store: Store) -> None:
    batch = store.files((1, "一号", "100"))
    before = store.shows()
    once = store.corrects(batch, {"罚款金额": "150"})
    twice = store.corrects(once.batch, {"罚款金额": "160"}, line=corrected_row.LINE)
    assert fines(store) == ["160"]
    store.withdraws_row(twice.batch, corrected_row.LINE)
    assert fines(store) == ["150"]
    store.withdraws_row(once.batch, corrected_row.LINE)
    assert store.shows() == before
    acts = [(change["act"], change["reason"]) for change in row_changes.of_batch(batch)]
    assert acts == [("correct", "录入有误")]


def test_numbers_of_persons_in_a_reason_are_not_kept(store: Store) -> None:
    batch = store.files((1, "一号", "100"))
    row_changes.withdraw(batch, 2, reason="联系13912345678", actor=CLERK, as_of=store.later())
    assert "13912345678" not in str(row_changes.of_batch(batch))


ITEMS = [item for _, item in sorted(loader.load().items.items()) if item.aggregation is not None]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.item)
def test_what_is_not_corrected_stays_as_it_was_for_every_item(item: Item, bureau: Bureau) -> None:
    """A stored value written out as text and read again is the same value."""
    rng = random.Random(7)
    for _ in range(20):
        row = _invented(item, rng)
        held = corrected_row.Standing(1, 1, item.item, b"", row, {})
        name = next(name for name in row if name not in item.subject_key)
        value = row[name]
        text = item.field(name).field_type.format(value) if isinstance(value, list) else str(value)
        found = corrected_row.of(held, item, {name: text}, actor=CLERK, as_of=bureau.today)
        assert json.loads(found.row["payload"][0]) == row


def _invented(item: Item, rng: random.Random) -> dict[str, Any]:
    channel = item.aggregation
    assert channel is not None
    row = {name: value for name, value in example.row(item, rng).items() if name in channel.fields}
    for name in row:
        if name.endswith("_from") and (until := name.removesuffix("_from") + "_until") in row:
            row[name], row[until] = sorted((row[name], row[until]))
    if channel.where is not None:
        row[channel.where.field] = channel.where.equals
    if "counterpart_category" in row:
        row["counterpart_category"] = "法人及非法人组织"
    for name in item.subject_key:
        if item.field(name).type == "party_identifier":
            row[name] = code(rng.randint(1, 999))
    return row


def test_a_receipts_message_for_a_barred_row_speaks_of_a_correction() -> None:
    finding = filing.Finding(2, Fate.BARRED, held_on=date(2026, 4, 1), ended_why=EndedWhy.CORRECTED)
    end = outcomes.of_finding(finding)
    assert end is not None
    assert "内容已更正" in end.message
