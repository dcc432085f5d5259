"""Headers as departments print them, and what a file may lack."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rongxin.catalogue import loader
from rongxin.sharing.aggregation import headers
from rongxin.sharing.aggregation.readers import Refusal

PENALTY = loader.load().item("administrative_penalty")
PERMIT = loader.load().item("administrative_permit")
ENVIRONMENT = loader.load().item("environmental_credit_rating")
LICENCE = loader.load().item("business_licence")
DEBTOR = loader.load().item("dishonest_judgment_debtor")


def fields_of(mapping: headers.Mapping) -> dict[str, tuple[str, ...]]:
    return {column.header: column.fields for column in mapping.columns}


@pytest.mark.parametrize("item", [item for item in loader.load().items.values() if item.aggregation])
def test_it_knows_every_field_by_label_annex_and_name(item) -> None:  # type: ignore[no-untyped-def]
    stored = [field for field in item.fields if field.name in item.aggregation.fields]
    for names in ([f.label for f in stored], [f.name for f in stored]):
        mapping = headers.match(names, item)
        assert [column.fields for column in mapping.columns] == [(f.name,) for f in stored]
        assert not mapping.unknown
    printed = list(dict.fromkeys(f.annex or f.label for f in stored))
    mapping = headers.match(printed, item)
    assert {name for column in mapping.columns for name in column.fields} == {f.name for f in stored}


def test_it_knows_the_double_publicity_names_and_their_unit() -> None:
    mapping = headers.match(["CF_XDR_MC", "CF_XDR_SHXYM", "CF_WSH", "CF_NR_FK", "CF_GSJZQ"], PENALTY)
    assert fields_of(mapping)["CF_WSH"] == ("document_number",)
    factors = {column.header: column.factor for column in mapping.columns}
    assert factors["CF_NR_FK"] == Decimal(10_000)
    assert factors["CF_GSJZQ"] == 1


@pytest.mark.parametrize(
    "header",
    ["罚款金额", " 罚款 金额 ", "罚款金额（元）", "罚款金额(元)", "*罚款金额", "罚款金额：", "FINE_CNY"],
)
def test_spelling_is_folded(header: str) -> None:
    mapping = headers.match(["企业名称", "统一社会信用代码", header], PENALTY)
    assert fields_of(mapping)[header] == ("fine_cny",)
    assert mapping.columns[2].factor == 1


@pytest.mark.parametrize("header", ["罚款金额(万元)", "罚款金额（万元）", "罚款金额【万元】"])
def test_a_unit_in_the_header_is_taken_at_its_word(header: str) -> None:
    mapping = headers.match(["企业名称", "统一社会信用代码", header], PENALTY)
    assert mapping.columns[2].factor == 10_000
    assert any("10000" in note for note in mapping.notes)


def test_an_unknown_unit_refuses_the_file() -> None:
    with pytest.raises(Refusal) as refused:
        headers.match(["企业名称", "统一社会信用代码", "罚款金额(美元)"], PENALTY)
    assert refused.value.code == "unit_unknown"


def test_a_field_under_two_names_refuses_the_file() -> None:
    with pytest.raises(Refusal) as refused:
        headers.match(["企业名称", "统一社会信用代码", "uscc"], PENALTY)
    assert refused.value.code == "field_twice"
    assert "统一社会信用代码" in refused.value.message


@pytest.mark.parametrize(
    ("present", "lacking"), [("企业名称", "统一社会信用代码"), ("统一社会信用代码", "企业名称")]
)
def test_an_absent_identifying_column_refuses_the_file(present: str, lacking: str) -> None:
    with pytest.raises(Refusal) as refused:
        headers.match([present, "罚款金额"], PENALTY)
    assert refused.value.code == "identifying_column_absent"
    assert lacking in refused.value.message
    assert "XDR_" in refused.value.what_to_do


def test_unknown_columns_are_named_and_absent_ones_noted() -> None:
    mapping = headers.match(["企业名称", "统一社会信用代码", "内部流水号"], PENALTY)
    assert mapping.unknown == ("内部流水号",)
    assert "罚款金额" in mapping.absent
    assert "fine_cny" in mapping.absent_fields
    assert any("罚款金额" in note for note in mapping.notes)


def test_columns_outside_the_aggregation_channel_are_not_kept() -> None:
    mapping = headers.match(["企业名称", "统一社会信用代码", "经营范围"], LICENCE)
    assert mapping.not_aggregated == ("经营范围",)
    assert "business_scope" not in {name for column in mapping.columns for name in column.fields}


def test_one_printed_label_may_fill_two_fields() -> None:
    permit = headers.match(["企业名称", "统一社会信用代码", "行政许可有效期"], PERMIT)
    assert fields_of(permit)["行政许可有效期"] == ("valid_from", "valid_until")
    environment = headers.match(
        ["企业名称", "统一社会信用代码", "环保信用评价分值和等级", "评价时间"], ENVIRONMENT
    )
    assert fields_of(environment)["环保信用评价分值和等级"] == (
        "environmental_credit_score",
        "environmental_credit_grade",
    )


def test_a_printed_label_and_its_part_are_the_same_field_twice() -> None:
    with pytest.raises(Refusal) as refused:
        headers.match(["企业名称", "统一社会信用代码", "行政许可有效期", "行政许可有效期至"], PERMIT)
    assert refused.value.code == "field_twice"


def test_a_slash_in_a_printed_label_is_part_of_it() -> None:
    mapping = headers.match(["企业名称", "身份证号码／统一社会信用代码", "案号"], DEBTOR)
    assert fields_of(mapping)["身份证号码／统一社会信用代码"] == ("judgment_debtor_identifier",)
