"""A department's file: every row ends in one of four ways, the file is one batch, and the receipt says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.parties import subjects
from rongxin.proof.errors import Forged
from rongxin.sharing import rules
from rongxin.sharing.aggregation import batches, outcomes, receipts, spool, withdrawal
from rongxin.sharing.aggregation.receipts import Receipt
from rongxin.sharing.errors import NotFiled, Refused
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Status
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.records import stored

from .conftest import CLERK, Bureau, code

pytestmark = pytest.mark.django_db
PENALTY = "administrative_penalty"
Penalties = Callable[..., Path]


def held(number: int, bureau: Bureau, item: str = PENALTY) -> list[dict[str, object]]:
    subject = subjects.find(code(number))
    assert subject is not None
    return [row.payload for row in stored.of(subject.id, [item], as_of=bureau.today)[item]]


def counts(receipt: Receipt) -> tuple[int, int, int, int]:
    c = receipt.counts
    return (c.accepted, c.rejected, c.pending, c.duplicate)


def test_it_files_a_file_and_opens_unknown_firms(bureau: Bureau, penalties: Penalties) -> None:
    receipt = bureau.submits(penalties((1, "一号", "100"), (2, "二号", "200")), PENALTY)
    assert counts(receipt) == (2, 0, 0, 0)
    assert held(1, bureau)[0]["fine_cny"] == "100"
    subject = subjects.find(code(1))
    assert subject is not None
    assert subject.status == "unregistered"
    assert receipt.unknown_columns == ("说明",)


def test_it_ends_every_row_in_one_of_four_ways(bureau: Bureau, penalties: Penalties) -> None:
    bureau.submits(penalties((1, "一号", "100")), PENALTY)
    rows = [
        (1, "一号", "100"),
        (2, "二号", "200"),
        (code(3)[:17] + "?", "三号", "1"),
        (4, "四号", "一百"),
        (2, "二号", "200"),
    ]
    receipt = bureau.submits(penalties(*rows), PENALTY)
    assert counts(receipt) == (1, 2, 0, 2)
    assert receipt.counts.read == 5
    assert [line.line for line in receipt.rejects] == [4, 5]


def test_it_lets_rows_that_contradict_each_other_name_each_other(
    bureau: Bureau, penalties: Penalties
) -> None:
    receipt = bureau.submits(penalties((1, "一号", "100"), (1, "一号", "200")), PENALTY)
    assert [(line.line, line.rule) for line in receipt.rejects] == [
        (2, "conflict_in_file"),
        (3, "conflict_in_file"),
    ]
    assert "第 3 行" in receipt.rejects[0].message
    assert "第 2 行" in receipt.rejects[1].message


def test_it_takes_two_spellings_of_a_number_for_one_record(bureau: Bureau, penalties: Penalties) -> None:
    bureau.submits(penalties((1, "云罚〔2026〕1号", "100")), PENALTY)
    receipt = bureau.submits(penalties((1, "云罚[2026] 1号", "300")), PENALTY)
    assert (counts(receipt), receipt.superseded) == ((1, 0, 0, 0), 1)
    assert [row["fine_cny"] for row in held(1, bureau)] == ["300"]


def test_it_takes_the_same_file_for_the_same_batch(bureau: Bureau, penalties: Penalties) -> None:
    path = penalties((1, "一号", "100"), (2, "二号", "一百"))
    first, again = bureau.submits(path, PENALTY), bureau.submits(path, PENALTY)
    assert (again.batch, again.repeated, first.repeated) == (first.batch, True, False)
    assert again.signature == first.signature
    assert Batch.objects.count() == 1


def test_it_takes_the_same_file_again_once_its_batch_was_withdrawn(
    bureau: Bureau, penalties: Penalties
) -> None:
    path = penalties((1, "一号", "100"))
    first = bureau.submits(path, PENALTY)
    assert first.batch is not None
    done = withdrawal.withdraw(first.batch, actor=CLERK, as_of=bureau.today)
    assert (done.ended, held(1, bureau)) == (1, [])
    again = bureau.submits(path, PENALTY)
    assert again.batch != first.batch
    assert counts(again) == (1, 0, 0, 0)
    with pytest.raises(NotFiled):
        withdrawal.withdraw(first.batch, actor=CLERK, as_of=bureau.today)


def test_it_lets_nobody_else_withdraw_a_batch(bureau: Bureau, penalties: Penalties) -> None:
    receipt = bureau.submits(penalties((1, "一号", "100")), PENALTY)
    other = Actor(ActorKind.ACCOUNT, "x", "provider:customs")
    assert receipt.batch is not None
    with pytest.raises(Refused) as refused:
        withdrawal.withdraw(receipt.batch, actor=other, as_of=bureau.today)
    assert refused.value.code == "not_your_batch"


def test_it_lets_the_operator_withdraw_a_batch_by_whatever_account(
    bureau: Bureau, penalties: Penalties
) -> None:
    """An operator's account acts for `operator:<node>`, not for a bare `operator`."""
    for party in ("operator", "operator:node"):
        receipt = bureau.submits(penalties((1, party, "100")), PENALTY)
        assert receipt.batch is not None
        operator = Actor(ActorKind.ACCOUNT, "x", party)
        assert withdrawal.withdraw(receipt.batch, actor=operator, as_of=bureau.today).ended == 1


@pytest.mark.parametrize(
    ("item", "provider", "code_", "word"),
    [
        ("administrative_penaltty", "tax_bureau", "unknown_item", "administrative_penalty"),
        ("tax_payment", "tax_bureau", "not_aggregated", "接口调用"),
        ("real_estate", "natural_resources_bureau", "not_aggregated", "核验"),
        (PENALTY, "nobody", "unknown_provider", "nobody"),
        (PENALTY, "customs", "no_mandate", "职责"),
    ],
)
def test_it_refuses_what_may_not_come_in(
    bureau: Bureau, penalties: Penalties, item: str, provider: str, code_: str, word: str
) -> None:
    with pytest.raises(Refused) as refused:
        bureau.submits(penalties((1, "一号", "100")), item, provider)
    assert refused.value.code == code_
    assert word in str(refused.value)
    assert refused.value.what_to_do
    assert not Batch.objects.exists()
    if code_ == "not_aggregated":
        assert "国办发〔2021〕52号" in refused.value.where


def test_it_refuses_a_file_as_a_whole_and_says_why_ever_after(bureau: Bureau) -> None:
    path = bureau.writes(("企业名称", "罚款金额"), [("云州一号公司", "1")])
    with pytest.raises(Refused) as refused:
        bureau.submits(path, PENALTY)
    assert refused.value.code == "identifying_column_absent"
    batch = refused.value.batch
    assert batch is not None
    card = batches.get(batch)
    assert (card.status, card.counts.read) == (Status.REFUSED, 0)
    assert not spool.path_of(batch).exists()


def test_it_stores_only_the_a_list_of_taxpayers(bureau: Bureau) -> None:
    header = ("企业名称", "统一社会信用代码", "评级年度", "纳税信用等级")
    rows = [(f"云州{n}公司", code(n), "2025", grade) for n, grade in [(1, "A"), (2, "B"), (3, "D")]]
    receipt = bureau.submits(bureau.writes(header, rows), "taxpayer_credit_rating", "tax_bureau")
    assert counts(receipt) == (1, 2, 0, 0)
    assert {line.rule for line in receipt.rejects} == {"outside_channel"}
    assert "附件" in receipt.rejects[0].message
    assert receipt.batch is not None
    kept = list(outcomes.of_batch(receipt.batch, list(rules.RowOutcome)))
    assert [end.raw for end in kept] == [None, None]
    assert subjects.find(code(2)) is None


def test_it_keeps_nothing_of_a_natural_person(bureau: Bureau, penalties: Penalties) -> None:
    receipt = bureau.submits(penalties(("11010519491231002X", "一号", "100")), PENALTY)
    assert receipt.batch is not None
    (end,) = outcomes.of_batch(receipt.batch, list(rules.RowOutcome))
    assert (end.rule, end.raw) == ("out_of_scope", None)
    assert "1949" not in str(Batch.objects.values().get())


def test_a_natural_persons_row_is_told_by_line_and_rule_and_stands_nowhere(
    bureau: Bureau, penalties: Penalties
) -> None:
    receipt = bureau.submits(penalties((1, "一号", "100"), ("11010519491231002X", "二号", "200")), PENALTY)
    assert counts(receipt) == (1, 1, 0, 0)
    assert [(line.line, line.rule) for line in receipt.rejects] == [(3, "out_of_scope")]
    assert receipt.rejects[0].message.startswith("第3行 自然人")
    assert receipt.batch is not None
    handed_back = "".join(outcomes.rejects_csv(receipt.batch))
    assert "out_of_scope" in handed_back
    everything = handed_back + str(receipt.document())
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, '|'), '') FROM \"{table}\" t")
            everything += cursor.fetchone()[0]
    assert "一号" in everything
    for word in ("11010519491231002X", "二号"):
        assert word not in everything


def test_a_json_file_cut_short_gives_every_whole_line_and_hands_back_the_cut_one(
    bureau: Bureau, tmp_path: Path
) -> None:
    rows = [
        {"企业名称": f"云州{n}公司", "统一社会信用代码": code(n), "行政处罚决定书文号": f"{n}号"}
        for n in (1, 2, 3)
    ]
    whole = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path = tmp_path / "penalties.jsonl"
    path.write_text(whole[:-9], encoding="utf-8")
    receipt = bureau.submits(path, PENALTY)
    assert counts(receipt) == (2, 1, 0, 0)
    (cut,) = receipt.rejects
    assert (cut.line, cut.rule) == (3, "json")
    assert "文件可能被截断" in cut.message
    assert any("最后一行" in warning for warning in receipt.warnings)
    assert subjects.find(code(3)) is None
    assert receipt.batch is not None
    (end,) = outcomes.of_batch(receipt.batch, list(rules.RowOutcome))
    assert rows[2]["企业名称"] in str(end.raw)


def test_a_dry_run_says_what_would_happen_and_leaves_nothing(bureau: Bureau, penalties: Penalties) -> None:
    path = penalties((1, "一号", "100"), (2, "二号", "一百"))
    dry = bureau.submits(path, PENALTY, dry_run=True)
    assert (counts(dry), dry.batch, dry.signature, dry.dry_run) == ((1, 1, 0, 0), None, None, True)
    assert not Batch.objects.exists()
    assert subjects.find(code(1)) is None
    assert counts(bureau.submits(path, PENALTY)) == counts(dry)


def test_it_journals_receipt_filing_refusal_and_withdrawal(bureau: Bureau, penalties: Penalties) -> None:
    receipt = bureau.submits(penalties((1, "一号", "100")), PENALTY)
    assert receipt.batch is not None
    assert receipt.journal_entry is not None
    entry = entries.get(receipt.journal_entry)
    assert entry.kind is Kind.BATCH_FILED
    assert entry.commitments["receipt"] == receipt.commitment()
    withdrawn = withdrawal.withdraw(receipt.batch, actor=CLERK, as_of=bureau.today)
    assert entries.get(withdrawn.journal_entry).kind is Kind.BATCH_WITHDRAWN


def test_it_signs_a_receipt_that_nobody_can_change(bureau: Bureau, penalties: Penalties) -> None:
    document = bureau.submits(penalties((1, "一号", "100"), (2, "二号", "x")), PENALTY).document()
    keys = keyring.verifying_keys()
    assert receipts.verify(document, keys)["accepted"] == 1
    assert receipts.read(document).document() == document
    for change in ({"accepted": 2}, {"rejects": []}, {"signature": None}, {"sha256": "0" * 64}):
        with pytest.raises(Forged):
            receipts.verify({**document, **change}, keys)
