"""A provider's own column names, saved once: who may, which version counts, what a batch remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.sharing.aggregation import (
    batches,
    desk,
    mapping_preview,
    outcomes,
    receipts,
    row_changes,
    saved_mappings,
    waiting_rows,
)
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch, SavedMapping
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.records import stored

from .conftest import CLERK, NOW, PROVIDER, Bureau, code
from .desk_stage import COURT, DEBTOR, FIRST, SECOND, firm, old_code
from .test_batches import counts, held

pytestmark = pytest.mark.django_db
PENALTY = "administrative_penalty"
OWN = ("单位", "信用代码", "文书", "罚没(万元)", "决定日", "类型")
MAPPING = {
    "columns": {
        "单位": "企业名称",
        "信用代码": "统一社会信用代码",
        "文书": "行政处罚决定书文号",
        "罚没(万元)": "罚款金额",
        "决定日": {"field": "decided_on", "date_order": "dmy"},
        "类型": {"field": "counterpart_category", "values": {"1": "法人及非法人组织", "2": "自然人"}},
    },
    "constants": {"行政机关名称": "云州市城市管理局（虚构）"},
}


def save(bureau: Bureau, document: Any = MAPPING, **options: Any) -> saved_mappings.Card:
    given = {"item": PENALTY, "provider": PROVIDER, "actor": CLERK, "as_of": bureau.today, **options}
    return saved_mappings.save(document, **given)


def own_file(bureau: Bureau, *rows: tuple[int, str, str, str]) -> Path:
    lines = [(f"云州第{n}商贸有限公司", code(n), no, fine, "01/03/2026", kind) for n, no, fine, kind in rows]
    return bureau.writes(OWN, lines)


def test_a_file_with_own_headers_is_filed_and_the_receipt_says_how(bureau: Bureau) -> None:
    save(bureau)
    receipt = bureau.submits(own_file(bureau, (1, "一号", "2", "1")), PENALTY)
    assert (counts(receipt), receipt.unknown_columns, receipt.mapping) == ((1, 0, 0, 0), (), 1)
    (row,) = held(1, bureau)
    assert (row["fine_cny"], row["decided_on"]) == ("20000", "2026-03-01")
    assert row["authority"] == "云州市城市管理局（虚构）"
    assert any("本单位列映射第 1 版，“行政机关名称”一律为" in said for said in receipt.warnings)
    assert receipts.verify(receipt.document(), keyring.verifying_keys())["mapping"] == 1


def test_without_a_mapping_the_same_file_is_refused_with_what_was_found(bureau: Bureau) -> None:
    with pytest.raises(Refused) as caught:
        bureau.submits(own_file(bureau, (1, "一号", "2", "1")), PENALTY)
    assert caught.value.code == "identifying_column_absent"
    assert "信用代码" in caught.value.what


def test_saving_is_journalled_versioned_and_says_when_nothing_changed(bureau: Bureau) -> None:
    first, again = save(bureau), save(bureau)
    assert (first.version, again.version, again.unchanged) == (1, 1, True)
    second = save(bureau, {"columns": {"处罚机构": "行政机关名称"}})
    ended = saved_mappings.end(item=PENALTY, provider=PROVIDER, actor=CLERK, as_of=bureau.today)
    assert (second.version, ended.version, ended.in_force) == (2, 3, False)
    noted = entries.find(kinds=[Kind.MAPPING_SAVED])
    assert [entry.refs["version"] for entry in noted] == [3, 2, 1]
    assert noted[0].content["actor"]["id"] == "clerk"
    cards = saved_mappings.listed(provider=PROVIDER, as_of=bureau.today)
    assert [(card.version, card.in_force) for card in cards] == [(3, False), (2, False), (1, False)]
    with pytest.raises(Refused, match="没有生效的列映射"):
        saved_mappings.end(item=PENALTY, provider=PROVIDER, actor=CLERK, as_of=bureau.today)


def test_nobody_saves_or_uses_anothers(bureau: Bureau) -> None:
    other = Actor(ActorKind.ACCOUNT, "other", "provider:tax_bureau")
    for act in (lambda: save(bureau, actor=other), lambda: saved_mappings.end(
        item=PENALTY, provider=PROVIDER, actor=other, as_of=NOW
    )):  # fmt: skip
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.code == "not_your_mapping"
    assert not SavedMapping.objects.exists()
    with pytest.raises(Refused) as caught:
        save(bureau, provider="tax_bureau", actor=other)
    assert caught.value.code == "no_mandate"
    save(bureau)
    assert saved_mappings.standing(PENALTY, "tax_bureau", as_of=bureau.today) is None
    assert saved_mappings.standing("administrative_permit", PROVIDER, as_of=bureau.today) is None
    assert saved_mappings.listed(provider="tax_bureau", as_of=bureau.today) == []


def test_a_batch_is_read_by_the_version_that_stood_when_it_came(bureau: Bureau) -> None:
    """Also where it is filed later: after a crash, or once a second person has let it in."""
    save(bureau)
    path = own_file(bureau, (1, "一号", "2", "1"))
    given = {"item": PENALTY, "provider": PROVIDER, "actor": CLERK, "as_of": bureau.today}
    batch, _ = batches.receive(path, **given)
    save(bureau, {"columns": {**MAPPING["columns"], "罚没(万元)": "没收违法所得和没收财物的金额"}})
    receipt = batches.file(batch, as_of=bureau.today)
    assert (receipt.mapping, batches.get(batch).mapping) == (1, 1)
    assert held(1, bureau)[0]["fine_cny"] == "20000"


def test_a_dry_run_reads_as_the_filing_would(bureau: Bureau) -> None:
    save(bureau)
    receipt = bureau.submits(own_file(bureau, (1, "一号", "2", "1")), PENALTY, dry_run=True)
    assert (counts(receipt), receipt.mapping) == ((1, 0, 0, 0), 1)
    assert not Batch.objects.exists()


def test_a_rejected_row_comes_back_as_it_was_and_can_be_handed_in_again(bureau: Bureau) -> None:
    save(bureau)
    receipt = bureau.submits(own_file(bureau, (1, "一号", "贰", "1")), PENALTY)
    assert receipt.batch is not None
    text = "".join(outcomes.rejects_csv(receipt.batch))
    assert "01/03/2026,1" in text
    assert "固定值" not in text
    (end,) = outcomes.of_batch(receipt.batch, [outcomes.RowOutcome.REJECTED])
    assert set(end.raw or {}) == set(OWN)
    corrected = bureau.writes(["说明"], [], "again.csv")
    corrected.write_text(text.replace("贰", "2"), "utf-8")
    assert counts(bureau.submits(corrected, PENALTY)) == (1, 0, 0, 0)


def test_a_natural_persons_row_leaves_no_trace_by_the_providers_own_word(bureau: Bureau) -> None:
    save(bureau)
    receipt = bureau.submits(own_file(bureau, (1, "一号", "2", "2"), (2, "二号", "2", "1")), PENALTY)
    assert counts(receipt) == (1, 1, 0, 0)
    assert receipt.rejects[0].rule == "out_of_scope"
    assert receipt.batch is not None
    (end,) = outcomes.of_batch(receipt.batch, [outcomes.RowOutcome.REJECTED])
    assert end.raw is None


def test_a_waiting_row_is_matched_by_its_batchs_version(bureau: Bureau) -> None:
    """The text is kept as it came, so it has to be read again by the mapping of that day."""
    subject = firm(1, "云州欠债商贸有限公司")
    columns = {"案件": "案号", "被执行人": "企业名称", "代码": "身份证号码/统一社会信用代码"}
    columns["公布"] = {"field": "published_on", "date_order": "dmy"}  # type: ignore[assignment]
    told = {"columns": columns, "constants": {"执行法院": "云州市云溪区人民法院（虚构）"}}
    save(bureau, told, item=DEBTOR, provider=COURT, actor=SYSTEM)
    rows = [("（2026）云01执1号", "云州欠债商贸有限公司", old_code(1), "01/03/2026")]
    batch = bureau.submits(bureau.writes([*columns], rows), DEBTOR, COURT).batch
    assert batch is not None
    assert waiting_rows.get(batch, 2, as_of=bureau.today).traces.name == "云州欠债商贸有限公司"
    save(bureau, {"columns": {"案件": "执行法院"}}, item=DEBTOR, provider=COURT, actor=SYSTEM)
    proposed = desk.match(batch, 2, code(1), actor=FIRST, as_of=bureau.today)
    desk.confirm(proposed.id, actor=SECOND, as_of=bureau.today)
    (row,) = stored.of(subject, [DEBTOR], as_of=bureau.today)[DEBTOR]
    assert row.payload["enforcement_court"] == "云州市云溪区人民法院（虚构）"
    assert row.payload["published_on"] == "2026-03-01"


def test_a_row_is_corrected_by_the_names_of_its_file(bureau: Bureau) -> None:
    save(bureau)
    receipt = bureau.submits(own_file(bureau, (1, "一号", "2", "1")), PENALTY)
    assert receipt.batch is not None
    given = {"罚没(万元)": "3"}
    row_changes.correct(receipt.batch, 2, given, reason="录入有误", actor=CLERK, as_of=bureau.today)
    assert [row["fine_cny"] for row in held(1, bureau)] == ["30000"]


def test_a_mapping_whose_field_the_catalogue_has_lost_refuses_the_file(bureau: Bureau) -> None:
    save(bureau)
    document = {"columns": {"单位": {"field": "gone"}}, "constants": {}}
    SavedMapping.objects.update(document=document)
    with pytest.raises(Refused) as caught:
        bureau.submits(own_file(bureau, (1, "一号", "2", "1")), PENALTY)
    assert (caught.value.code, Batch.objects.get().status) == ("mapping_outdated", "refused")
    with pytest.raises(Refused, match="gone"):
        mapping_preview.of(
            own_file(bureau, (1, "一号", "2", "1")), item=PENALTY, provider=PROVIDER, as_of=bureau.today
        )
