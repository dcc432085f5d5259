"""A file in a provider's own words, read by its mapping, is the same as one in the catalogue's words."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from rongxin.records.models import Record
from rongxin.sharing.aggregation import outcomes, saved_mappings
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import RowOutcome

from .conftest import CLERK, NOW, PROVIDER, Bureau
from .test_batches_properties import CODES, LAX, PENALTY

RUNS = count()
AUTHORITY = "云州市城市管理局（虚构）"
HEADER = (
    "企业名称",
    "统一社会信用代码",
    "行政处罚决定书文号",
    "罚款金额(万元)",
    "行政处罚决定日期",
    "行政相对人类别",
)
OWN = ("单位", "信用代码", "文书", "罚没(万元)", "决定日", "类型")
FIELDS = ("name", "uscc", "document_number", "fine_cny", "decided_on", "counterpart_category")
# In the catalogue's words, and in the provider's.
DAYS = [
    ("2026-03-01", "01/03/2026"),
    ("2026-12-31", "31/12/2026"),
    ("昨天", "昨天"),
    ("2026-2-30", "30/2/2026"),
]
KINDS = [("法人及非法人组织", "1"), ("自然人", "2"), ("个体工商户", "个体工商户"), ("别的", "别的"), ("", "")]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["云州公司", "", "=1+1"]),
        CODES,
        st.sampled_from(["一号", "二号", ""]),
        st.sampled_from(["1", "0.5", "壹", "-5", ""]),
        st.sampled_from(DAYS),
        st.sampled_from(KINDS),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip
ORDERS = st.permutations(range(len(OWN)))


def mapping(renamed: set[int]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        OWN[n] if n in renamed else HEADER[n]: {"field": field} for n, field in enumerate(FIELDS)
    }
    for column in columns.values():
        if column["field"] == "decided_on":
            column["date_order"] = "dmy"
        if column["field"] == "counterpart_category":
            column["values"] = {"1": "法人及非法人组织", "2": "自然人"}
    return {"columns": columns, "constants": {"authority": AUTHORITY}}


def told(bureau: Bureau, path: Path) -> dict[str, Any]:
    """What a receipt and the store say of a file, all taken back afterwards; times and own words left out."""
    with transaction.atomic():
        receipt = bureau.submits(path, PENALTY, as_of=NOW)
        assert receipt.batch is not None
        ends = [
            (end.line, end.outcome, end.rule, end.message)
            for end in outcomes.of_batch(receipt.batch, list(RowOutcome))
        ]
        rows = Record.objects.filter(batch_id=receipt.batch).order_by("line")
        stored = list(rows.values("line", "record_key", "payload", "source", "observed_on", "digest"))
        profile = Batch.objects.get(pk=receipt.batch).profile
        transaction.set_rollback(True)
    document = receipt.document()
    for name in ("batch", "sha256", "file_name", "journal_entry", "received_at", "signature"):
        del document[name]
    del document["mapping"], document["warnings"]
    return {"receipt": document, "ends": ends, "stored": stored, "profile": profile}


@pytest.mark.django_db
@LAX
@given(rows=ROWS, order=ORDERS, renamed=st.sets(st.sampled_from(range(len(OWN)))))
def test_a_mapped_file_is_the_same_as_one_in_the_catalogues_words(
    bureau: Bureau, rows: list[tuple[Any, ...]], order: list[int], renamed: set[int]
) -> None:
    run = next(RUNS)
    numbered = [(*row[:2], row[2] and f"{row[2]}-{run}", *row[3:]) for row in rows]
    plain = [(*row[:4], row[4][0], row[5][0]) for row in numbered]
    own = [(*row[:4], row[4][1], row[5][1]) for row in numbered]
    header = [*(HEADER[n] for n in order), "行政机关名称"]
    expected = told(bureau, bureau.writes(header, [[*(row[n] for n in order), AUTHORITY] for row in plain]))
    headers = [OWN[n] if n in renamed else HEADER[n] for n in order]
    path = bureau.writes(headers, [[row[n] for n in order] for row in own])
    with transaction.atomic():
        saved_mappings.save(mapping(renamed), item=PENALTY, provider=PROVIDER, actor=CLERK, as_of=NOW)
        found = told(bureau, path)
        transaction.set_rollback(True)
    assert found == expected
