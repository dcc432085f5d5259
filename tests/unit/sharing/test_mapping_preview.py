"""The preview shows the first rows as they would be filed, what is missing and what is ignored; it keeps
nothing and shows no person.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from rongxin.journal.models import Entry
from rongxin.sharing.aggregation import mapping_preview
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch, SavedMapping

from .conftest import PROVIDER, Bureau, code
from .test_batches import held
from .test_mappings import MAPPING, PENALTY, own_file, save

pytestmark = pytest.mark.django_db
PERSON = "11010519491231002X"


def preview(bureau: Bureau, path: Any, **options: Any) -> dict[str, Any]:
    return mapping_preview.of(path, item=PENALTY, provider=PROVIDER, as_of=bureau.today, **options)


def test_it_shows_what_would_be_filed_and_keeps_nothing(bureau: Bureau) -> None:
    before = Entry.objects.count()
    path = own_file(bureau, (1, "一号", "2", "1"), (2, "二号", "贰", "1"), (3, "三号", "2", "2"))
    shown = preview(bureau, path, document=MAPPING)
    first, second, third = shown["rows"]
    assert shown["mapping"] == "draft"
    assert (first["line"], first["taken"]) == (2, True)
    assert first["values"]["行政处罚决定日期"] == "2026年3月1日"
    assert (second["taken"], second["rule"]) == (False, "chinese_numerals")
    assert (third["taken"], third["rule"]) == (False, "out_of_scope")
    assert "第3商贸" not in json.dumps(shown["rows"], ensure_ascii=False)
    assert (Batch.objects.count(), SavedMapping.objects.count(), Entry.objects.count()) == (0, 0, before)


def test_it_names_what_is_missing_ignored_and_unknown_in_chinese(bureau: Bureau) -> None:
    path = bureau.writes(["单位", "信用代码", "经办处室"], [("云州公司", code(1), "三处")])
    document = {"columns": {"单位": "企业名称", "信用代码": "统一社会信用代码"}}
    shown = preview(bureau, path, document=document)
    assert shown["unknown_columns"] == ["经办处室"]
    assert "这些列未识别，报送时将被忽略：经办处室" in shown["notes"]
    assert "罚款金额" in shown["absent_columns"]
    assert shown["absent_required"] == []
    header = next(one for one in shown["columns"] if one["header"] == "单位")
    assert (header["label"], header["own"]) == ("企业名称", True)


def test_by_the_mapping_in_force_it_shows_what_filing_then_does(bureau: Bureau) -> None:
    save(bureau)
    path = own_file(bureau, (1, "一号", "2.5", "1"))
    shown = preview(bureau, path)
    bureau.submits(path, PENALTY)
    assert shown["mapping"] == 1
    assert shown["rows"][0]["values"]["行政机关名称"] == held(1, bureau)[0]["authority"]


def test_it_shows_as_many_rows_as_asked_of_the_first_ones(bureau: Bureau) -> None:
    save(bureau)
    path = own_file(bureau, *((n, f"{n}号", "1", "1") for n in range(1, 31)))
    assert [row["line"] for row in preview(bureau, path)["rows"]] == list(range(2, 12))
    assert [row["line"] for row in preview(bureau, path, rows=0)["rows"]] == [2]
    assert len(preview(bureau, path, rows=1000)["rows"]) == 30


def test_no_person_is_shown_in_clear(bureau: Bureau) -> None:
    header = ["企业名称", "统一社会信用代码", "法定代表人姓名", "法定代表人证件号码", "违法事实", "罚款金额"]
    fact = f"见证人身份证{PERSON}"
    rows = [
        ("云州公司", code(1), "云小满", PERSON, fact, "1"),
        ("云州公司", code(2), "云小满", PERSON, fact, PERSON),
    ]
    told = json.dumps(preview(bureau, bureau.writes(header, rows)), ensure_ascii=False)
    assert PERSON not in told
    assert "云小满" not in told
    assert "云**" in told


def test_what_refuses_the_file_refuses_the_preview(bureau: Bureau, tmp_path: Any) -> None:
    with pytest.raises(Refused) as caught:
        preview(bureau, own_file(bureau, (1, "一号", "2", "1")))
    assert caught.value.code == "identifying_column_absent"
    with pytest.raises(Refused) as caught:
        preview(bureau, tmp_path / "none.csv")
    assert caught.value.code == "file_missing"


def test_a_suggestion_takes_aliases_and_ends_of_labels_and_leaves_the_rest_open(bureau: Bureau) -> None:
    path = bureau.writes(
        ["单位名称", "信用代码", "文号", "处罚金额(万元)", "决定日期", "日期", "违法事实"],
        [("云州公司", code(1), "一号", "2", "2026-03-01", "", "")],
    )
    given = {"item": PENALTY, "provider": PROVIDER, "as_of": bureau.today}
    found = mapping_preview.suggestion(path, **given)
    columns = {header: one["field"] for header, one in found["mapping"]["columns"].items()}
    assert columns == {
        "单位名称": "name",
        "信用代码": "uscc",
        "文号": "document_number",
        "处罚金额(万元)": "fine_cny",
        "决定日期": "decided_on",
    }
    assert found["mapping"]["columns"]["处罚金额(万元)"]["unit"] == "万元"
    assert (found["known_columns"], found["unknown_columns"]) == (["违法事实"], ["日期"])
    assert "authority" in {one["field"] for one in found["absent_fields"]}
    shown = preview(bureau, path, document=found["mapping"])
    assert shown["rows"][0]["taken"]
    save(bureau, found["mapping"])
    assert mapping_preview.suggestion(path, **given)["mapping"] == found["mapping"]
