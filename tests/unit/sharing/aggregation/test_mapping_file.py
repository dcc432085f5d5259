"""A provider's own mapping is checked when it is saved: every fault at once, with its place, in Chinese."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rongxin.catalogue import loader
from rongxin.sharing.aggregation import headers, mapping_file
from rongxin.sharing.aggregation.own_columns import OwnColumn, Saved
from rongxin.sharing.errors import Refused

TODAY = date(2026, 4, 1)
PENALTY = loader.load().item("administrative_penalty")
HONOUR = loader.load().item("honours")


def read(document: Any, item: Any = PENALTY) -> Saved:
    return mapping_file.read(document, item, today=TODAY)


def test_fields_go_by_label_or_name_and_are_kept_by_name() -> None:
    saved = read(
        {
            "columns": {"处罚金额": "罚款金额", "没收": {"field": "confiscated_cny", "unit": "万元"}},
            "constants": {"行政机关名称": "云州市城市管理局"},
        }
    )
    assert saved.columns == {
        "处罚金额": OwnColumn("fine_cny"),
        "没收": OwnColumn("confiscated_cny", unit="万元"),
    }
    assert saved.constants == {"authority": "云州市城市管理局"}
    assert mapping_file.kept(mapping_file.stored(saved), 3) == Saved(saved.columns, saved.constants, 3)


def test_a_unit_in_the_header_counts_and_may_not_be_contradicted() -> None:
    """Else 5 (万元) under an own name would be filed as 5 yuan, under the catalogue's as 50 000."""
    saved = read({"columns": {"处罚金额(万元)": "罚款金额"}})
    names = ["企业名称", "统一社会信用代码", "处罚金额（万元）"]
    column = headers.match(names, PENALTY, saved).columns[-1]
    assert (column.fields, column.factor) == (("fine_cny",), 10_000)
    by_catalogue = headers.match([*names[:2], "罚款金额（万元）"], PENALTY).columns[-1]
    assert column.factor == by_catalogue.factor
    with pytest.raises(Refused, match="矛盾"):
        read({"columns": {"处罚金额(万元)": {"field": "罚款金额", "unit": "元"}}})


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "既没有 columns 也没有 constants"),
        ([], "应为"),
        ({"column": {}}, "没有这个键"),
        ({"columns": {"金额": {"field": "罚款金额", "unit": "角"}}}, "单位只能是"),
        ({"columns": {"金额": 5}}, "应为 列名: 字段"),
        ({"columns": {"金额": "罚款全额"}}, "是否为 罚款金额"),
        ({"columns": {"金额": "罚款金额", "罚款": "fine_cny"}}, "已由 columns.金额 给出"),
        ({"columns": {"金额": "罚款金额", " 金 额": "没收违法所得和没收财物的金额"}}, "同一列名"),
        ({"columns": {"案情": {"field": "违法事实", "unit": "万元"}}}, "不能以“万元”计量"),
        ({"columns": {"案情": {"field": "违法事实", "date_order": "dmy"}}}, "不是日期"),
        ({"columns": {"": "罚款金额"}}, "列名为空"),
        ({"columns": {"a\0": "罚款金额"}}, "控制字符"),
        ({"columns": {"a\ud800": "罚款金额"}}, "控制字符"),
        ({"constants": {"罚款金额": "一百"}}, "constants.fine_cny"),
        ({"constants": {"罚款金额": "-1"}}, "下限"),
    ],
)
def test_a_fault_is_said_with_its_place(document: Any, said: str) -> None:
    with pytest.raises(Refused) as caught:
        read(document)
    assert caught.value.code == "mapping_invalid"
    assert said in caught.value.what


@pytest.mark.parametrize(
    "document",
    [
        {"constants": {"统一社会信用代码": "91990100MA0000001X"}},
        {"constants": {"企业名称": "云州某公司"}},
        {"constants": {"行政相对人类别": "法人及非法人组织"}},
        {"constants": {"法定代表人姓名": "张三"}},
        {"constants": {"行政相对人证件号码": "11010519491231002X"}},
        {"constants": {"违法事实": "见证人 11010519491231002X"}},
        {"constants": {"行政处罚决定书文号": "一号"}},
        {"constants": {"行政处罚决定日期": "2026-03-01"}},
        {"columns": {"行政相对人类别": "备注"}},
        {"columns": {"XDR_LB": "备注"}},
        {"columns": {"统一社会信用代码": "备注"}},
        {"columns": {"行政相对人证件号码": "备注"}},
        {"columns": {"类别": {"field": "行政相对人类别", "values": {"自然人": "法人"}}}},
        {"columns": {"类别": {"field": "行政相对人类别", "values": {"个人": "法人"}}}},
        {"columns": {"类别": {"field": "行政相对人类别", "values": {"/": "法人"}}}},
        {"columns": {"代码": {"field": "统一社会信用代码", "values": {"无": "91990100MA0000001X"}}}},
        {"columns": {"金额": {"field": "罚款金额", "values": {"100": "1"}}}},
        {"columns": {"金额": {"field": "罚款金额", "values": {"无": "零"}}}},
    ],
)
def test_it_can_neither_hide_whose_row_it_is_nor_change_what_is_right(document: Any) -> None:
    with pytest.raises(Refused) as caught:
        read(document)
    assert caught.value.code == "mapping_invalid"
    assert "11010519491231002X" not in str(caught.value)


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(Refused) as caught:
        read({"columns": {"甲": "没有", "乙": "也没有"}, "constants": {"罚款金额": "x"}})
    assert caught.value.where == "columns.甲、columns.乙、constants.fine_cny"


def test_words_and_orders_are_read_and_all_else_stays() -> None:
    import polars as pl

    frame = pl.DataFrame(
        {"h": ["2", " 2 ", "法人", None, "\t=1", "03/04/2026", "3-4-2026", "2026-01-31", "5.6.7"]}
    )
    own = OwnColumn("x", values={"2": "自然人"}, date_order="dmy")
    assert frame.select(own.read("h"))["h"].to_list() == [
        "自然人", "自然人", "法人", None, "\t=1", "2026-04-03", "2026-4-3", "2026-01-31", "5.6.7",
    ]  # fmt: skip
    own = OwnColumn("x", date_order="mdy")
    assert frame.select(own.read("h"))["h"].to_list()[5:7] == ["2026-03-04", "2026-3-4"]


def test_a_file_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("columns:\n  金额: 罚款金额\n  金额: 违法事实\n", "utf-8")
    with pytest.raises(Refused, match="此键重复"):
        mapping_file.parsed(file)
    file.write_text("columns: [", "utf-8")
    with pytest.raises(Refused, match=r"m\.yaml 第"):
        mapping_file.parsed(file)
