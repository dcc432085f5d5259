"""Rows become records or rejects: every fault with its line."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.proof import canonical
from rongxin.sharing.aggregation import headers, persons, validation
from rongxin.sharing.aggregation.readers import Chunk, Fault
from rongxin.vocabulary import uscc

TODAY = date(2026, 3, 1)
CODE = uscc.compose("91", "990101", "MA000001")
OTHER = uscc.compose("92", "990102", "MA000002")
INNER_WRONG = "91990101MA0000010"
INNER_WRONG += uscc.check_digit(INNER_WRONG)
RESIDENT = "110101199003071233"
PENALTY = loader.load().item("administrative_penalty")
PERMIT = loader.load().item("administrative_permit")

PENALTY_ROW: dict[str, str | None] = {
    "企业名称": "云州甲有限公司",
    "统一社会信用代码": CODE,
    "行政相对人类别": "法人及非法人组织",
    "行政处罚决定书文号": "云市监罚〔2025〕1号",
    "罚款金额": "1,000.50",
    "行政处罚决定日期": "2025年3月1日",
    "公示截止日期": "2028-03-01",
}


def chunk_of(
    rows: list[dict[str, str | None]], *, marked: tuple[Fault, ...] = (), broken: tuple[Fault, ...] = ()
):  # type: ignore[no-untyped-def]
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
    lines = pl.Series("line", range(2, 2 + len(rows)), dtype=pl.Int64)
    return Chunk(frame, lines, broken=broken, marked=marked)


def validated(item: Item, *rows: dict[str, str | None], **faults: tuple[Fault, ...]) -> validation.Validated:
    chunk = chunk_of(list(rows), **faults)
    result = validation.validate(chunk, item, headers.match(chunk.frame.columns, item), today=TODAY)
    assert result.rows == chunk.rows == result.accepted.height + len(result.rejects)
    return result


def penalty(**changes: str | None) -> dict[str, str | None]:
    return PENALTY_ROW | changes


def the_reject(result: validation.Validated) -> validation.Reject:
    (reject,) = result.rejects
    return reject


# -------------------------------------------------------------------------------------------------- records


def test_a_good_row_becomes_a_record_ready_for_the_store() -> None:
    record = validated(PENALTY, penalty()).accepted.row(0, named=True)
    payload = {
        "name": "云州甲有限公司",
        "uscc": CODE,
        "counterpart_category": "法人及非法人组织",
        "fine_cny": "1000.5",
        "decided_on": "2025-03-01",
        "published_until": "2028-03-01",
    }
    assert json.loads(record.pop("payload")) == payload
    assert json.loads(record.pop("source")) == {"document_number": "云市监罚〔2025〕1号"}
    assert record == {
        "line": 2,
        "uscc": CODE,
        "name": "云州甲有限公司",
        "observed_on": "2025-03-01",
        "record_key": "云市监罚〔2025〕1号",
        "digest": canonical.digest(payload),
    }


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=200)
def test_payload_and_digest_are_those_of_canonical_json(texts: list[str]) -> None:
    result = validated(PENALTY, *(penalty(违法事实=text + '"\\\n') for text in texts))
    for row, values in zip(result.accepted.to_dicts(), result.values.to_dicts(), strict=True):
        names = {field.name for field in PENALTY.fields}
        payload = {name: value for name, value in values.items() if name in names and value is not None}
        assert row["payload"].encode() == canonical.dumps(payload)
        assert row["digest"] == canonical.digest(payload)


def test_amounts_of_a_column_in_10k_yuan_are_converted_exactly() -> None:
    row = {
        "XDR_MC": "云州甲有限公司",
        "XDR_SHXYM": CODE,
        "CF_WSH": "1号",
        "CF_NR_FK": "12.3456",
        "JDRQ": "20250301",
    }
    result = validated(PENALTY, row, row | {"CF_NR_FK": "5万元"}, row | {"CF_NR_FK": "5元"})
    assert result.values["fine_cny"].to_list() == ["123456", "50000"]
    assert the_reject(result).findings[0].field == "fine_cny"


def test_the_key_falls_back_where_the_source_column_is_absent() -> None:
    row = penalty(行政处罚决定书名称="决定书", 行政机关名称="云州市市场监督管理局")
    del row["行政处罚决定书文号"]
    key = validated(PENALTY, row).accepted["record_key"][0]
    assert json.loads(key) == ["决定书", "2025-03-01", "云州市市场监督管理局"]


def test_a_year_dates_its_record_by_its_last_day() -> None:
    item = loader.load().item("taxpayer_credit_rating")
    row = {"企业名称": "甲公司", "统一社会信用代码": CODE, "评级年度": "2024", "纳税信用等级": "A"}
    accepted = validated(item, row, row | {"评级年度": "2026年度"}).accepted
    assert accepted["observed_on"].to_list() == ["2024-12-31", "2026-03-01"]
    assert accepted["record_key"].to_list() == ["2024", "2026"]


def test_only_rows_the_channel_names_may_be_stored() -> None:
    item = loader.load().item("taxpayer_credit_rating")
    row = {"企业名称": "甲公司", "统一社会信用代码": CODE, "评级年度": "2024", "纳税信用等级": "B"}
    assert the_reject(validated(item, row)).rule == "not_aggregated"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-01-01至2027-12-31", "2024-01-01", "2027-12-31"),
        ("自2024年1月1日起至2027年12月31日止", "2024-01-01", "2027-12-31"),
        ("20240101-20271231", "2024-01-01", "2027-12-31"),
        ("三年", None, None),
        ("2024-01-01至长期", None, None),
        ("2027-12-31", None, "2027-12-31"),
        ("至 2027/12/31", None, "2027-12-31"),
    ],
)
def test_a_printed_period_is_split_or_refused(text: str, first: str | None, last: str | None) -> None:
    row = {
        "企业名称": "甲公司",
        "统一社会信用代码": CODE,
        "行政许可决定书文号": "1号",
        "行政许可有效期": text,
    }
    result = validated(PERMIT, row)
    if last is None:
        assert the_reject(result).rule == "compound"
    else:
        assert result.values.select("valid_from", "valid_until").row(0) == (first, last)


@pytest.mark.parametrize(
    ("text", "score", "grade"),
    [
        ("85", "85", None),
        ("绿牌", None, "绿牌"),
        ("85.5分，A级", "85.5", "A级"),
        ("92（诚信）", "92", "诚信"),
    ],
)
def test_a_printed_score_and_grade_are_split(text: str, score: str | None, grade: str | None) -> None:
    item = loader.load().item("environmental_credit_rating")
    row = {
        "企业名称": "甲公司",
        "统一社会信用代码": CODE,
        "环保信用评价分值和等级": text,
        "评价时间": "2025-01-01",
    }
    values = validated(item, row).values.row(0, named=True)
    assert (values["environmental_credit_score"], values["environmental_credit_grade"]) == (score, grade)


# -------------------------------------------------------------------------------------------------- rejects


@pytest.mark.parametrize(
    ("changes", "rule", "word"),
    [
        ({"统一社会信用代码": CODE[:-1] + ("0" if CODE[-1] != "0" else "1")}, "uscc_check_digit", "校验"),
        ({"统一社会信用代码": CODE[:-1]}, "uscc_shape", "18位"),
        ({"统一社会信用代码": None}, "required", "必填"),
        ({"企业名称": "  "}, "required", "企业名称"),
        ({"行政处罚决定日期": "二〇二五年三月一日"}, "chinese_numerals", "中文数字"),
        ({"行政处罚决定日期": "2025-02-30"}, "date_impossible", "不存在"),
        ({"行政处罚决定日期": "03/01/2025"}, "date_format", "日期"),
        ({"行政处罚决定日期": "2026-03-02"}, "in_future", "晚于今日"),
        ({"罚款金额": "伍佰元"}, "chinese_numerals", "中文数字"),
        ({"罚款金额": "-5"}, "below_min", "下限"),
        ({"罚款金额": "=1+1"}, "formula", "公式"),
        ({"企业名称": "=HYPERLINK(1)"}, "formula", "公式"),
        ({"企业名称": "@SUM(A1)"}, "formula", "公式"),
        ({"企业名称": "\t=1"}, "formula", "公式"),
        ({"企业名称": "-cmd|calc"}, "formula", "公式"),
        ({"企业名称": "＝1+1"}, "formula", "公式"),
        ({"企业名称": "+(1)"}, "formula", "公式"),
        ({"行政相对人类别": "外星人"}, "not_in_list", "代码表"),
        ({"企业名称": "甲\x07公司"}, "control_character", "控制字符"),
        ({"企业名称": "甲" * 201}, "too_long", "长度"),
    ],
)
def test_a_bad_cell_rejects_its_row_with_line_rule_and_reason(
    changes: dict[str, str | None], rule: str, word: str
) -> None:
    result = validated(PENALTY, penalty(), penalty(**changes))
    reject = the_reject(result)
    assert (reject.line, reject.rule) == (3, rule)
    assert reject.message.startswith("第3行 ")
    assert word in reject.message
    assert reject.raw is not None
    assert result.accepted["line"].to_list() == [2]


def test_a_row_reports_all_its_faults_in_one_reject() -> None:
    reject = the_reject(
        validated(PENALTY, penalty(罚款金额="许多", 行政处罚决定日期="2099-01-01", 企业名称=None))
    )
    assert {finding.rule for finding in reject.findings} == {"number_format", "in_future", "required"}
    assert all(finding.message in reject.message for finding in reject.findings)


def test_faults_the_reader_saw_are_reported_too() -> None:
    mark = Fault(3, "formula", "单元格 B3 是公式")
    broken = Fault(4, "columns", "有 3 列，表头有 2 列", "a,b,c")
    result = validated(PENALTY, penalty(), penalty(), marked=(mark,), broken=(broken,))
    assert [(reject.line, reject.rule) for reject in result.rejects] == [(3, "formula"), (4, "columns")]
    assert "B3" in result.rejects[0].message
    assert result.rejects[1].raw == {validation.RAW_TEXT: "a,b,c"}


def test_a_chunk_of_broken_rows_alone_is_counted() -> None:
    frame = pl.DataFrame(schema=dict.fromkeys(PENALTY_ROW, pl.String))
    chunk = Chunk(
        frame, pl.Series("line", [], dtype=pl.Int64), broken=(Fault(9, "quotes", "引号", 'x"自然人'),)
    )
    result = validation.validate(chunk, PENALTY, headers.match(frame.columns, PENALTY), today=TODAY)
    assert (result.rows, result.accepted.height, len(result.rejects)) == (1, 0, 1)
    assert the_reject(result).raw is None  # it speaks of a natural person: its text is not kept


def test_validity_may_begin_only_before_it_ends() -> None:
    row = {"企业名称": "甲公司", "统一社会信用代码": CODE, "行政许可决定书文号": "1号"}
    row |= {"valid_from": "2027-01-01", "valid_until": "2026-01-01"}
    assert the_reject(validated(PERMIT, row)).rule == "date_order"


def test_a_wrong_inner_check_digit_is_a_warning_only() -> None:
    result = validated(PENALTY, penalty(统一社会信用代码=INNER_WRONG), penalty())
    assert result.accepted.height == 2
    assert [(note.line, note.rule) for note in result.warnings] == [(2, "inner_check_digit")]


def test_a_row_without_anything_to_tell_it_by_is_rejected() -> None:
    row = {"企业名称": "甲公司", "统一社会信用代码": CODE, "罚款金额": "5"}
    assert the_reject(validated(PENALTY, row)).rule == "record_key"


def test_a_message_names_its_column_once() -> None:
    wrong = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")
    for text in (wrong, CODE[:-1]):
        reject = the_reject(validated(PENALTY, penalty(统一社会信用代码=text)))
        assert reject.message.count("统一社会信用代码") == 1, reject.message
    reject = the_reject(validated(PENALTY, penalty(罚款金额="一百")))
    assert reject.message.count("罚款金额") == 1


# -------------------------------------------------------------------------------------------- natural persons


@pytest.mark.parametrize(
    "changes",
    [
        {"行政相对人类别": "自然人"},
        {"行政相对人类别": " 自然人 ", "统一社会信用代码": None},
        {"统一社会信用代码": RESIDENT},
        {"统一社会信用代码": RESIDENT.replace("1233", "1234")},
        {"统一社会信用代码": "110101900307123"},
        {"统一社会信用代码": "1101**********1233"},
        {"统一社会信用代码": "１１０１０１１９９００３０７１２３３"},
        {"统一社会信用代码": RESIDENT, "罚款金额": "=1"},
        {"统一社会信用代码": None, "行政相对人类别": None, "CF_XDR_ZJHM": RESIDENT},
    ],
)
def test_nothing_is_kept_of_a_natural_persons_row(changes: dict[str, str | None]) -> None:
    result = validated(PENALTY, penalty(企业名称="张建三", **changes), penalty(统一社会信用代码=OTHER))
    reject = the_reject(result)
    assert reject.rule == validation.OUT_OF_SCOPE
    assert reject.raw is None
    text = repr(reject)
    assert "张建三" not in text
    assert not any(value in text for value in changes.values() if value and value.strip() != "自然人")
    assert result.accepted["uscc"].to_list() == [OTHER]


@pytest.mark.parametrize(
    "text",
    [
        f'{{"企业名称":"张建三","统一社会信用代码":"{RESIDENT}","罚款金额":NaN}}',
        f"张建三,{RESIDENT},一号,多一列",
        "张建三,1101**********1233,一号,多一列",
        '{"name":"x","category":"\\u81ea\\u7136\\u4eba","fine":NaN}',
    ],
)
def test_nothing_is_kept_of_a_persons_row_that_could_not_be_parsed(text: str) -> None:
    (reject,) = validated(PENALTY, penalty(), broken=(Fault(3, "json", "不是有效的 JSON", text),)).rejects
    assert (reject.line, reject.rule, reject.raw) == (3, "json", None)
    firm = Fault(3, "json", "不是有效的 JSON", f"甲公司,{CODE},一号,多一列")
    (kept,) = validated(PENALTY, penalty(), broken=(firm,)).rejects
    assert kept.raw is not None


def test_a_debtor_who_is_a_person_is_out_of_scope_and_a_firm_is_not() -> None:
    item = loader.load().item("dishonest_judgment_debtor")
    row = {"案号": "(2025)云01执1号", "企业名称": "张建三", "身份证号码/统一社会信用代码": RESIDENT}
    firm = row | {"企业名称": "甲公司", "身份证号码/统一社会信用代码": CODE}
    passport = row | {"身份证号码/统一社会信用代码": "E12345678"}
    result = validated(item, row, firm, passport)
    assert [reject.rule for reject in result.rejects] == ["out_of_scope"] * 2
    assert result.accepted["uscc"].to_list() == [CODE]


def test_an_old_registration_number_is_no_identity_number() -> None:
    assert persons.is_identity_number("110101900307123")
    digits = "11010190030712"
    product = 10
    for digit in digits:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    assert not persons.is_identity_number(digits + str((11 - product) % 10))


def test_an_organisation_code_of_a_debtor_waits_and_is_no_person() -> None:
    assert persons.is_old_code("MA1K0001-" + uscc.organisation_check_digit("MA1K0001"))
    assert not persons.is_old_code("110101900307123")
