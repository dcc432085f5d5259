"""What departments write, and what becomes of it: read, or refused with a rule, never guessed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.catalogue import numerals, types
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import is_blank
from rongxin.proof import canonical

READ = [
    ("date", "2026-03-01", date(2026, 3, 1)),
    ("date", "2026/3/1", date(2026, 3, 1)),
    ("date", "2026.3.1", date(2026, 3, 1)),
    ("date", "20260301", date(2026, 3, 1)),
    ("date", "2026年3月1日", date(2026, 3, 1)),
    ("date", "２０２６年３月１日", date(2026, 3, 1)),
    ("date", "2026-03-01 12:30:00", date(2026, 3, 1)),
    ("date", "2026-03-01T00:00:00", date(2026, 3, 1)),
    ("date", "46082", date(2026, 3, 1)),
    ("date", "46082.75", date(2026, 3, 1)),
    ("month", "2026-3", "2026-03"),
    ("month", "202603", "2026-03"),
    ("month", "2026年3月", "2026-03"),
    ("month", "2026-03-15", "2026-03"),
    ("year", "2025年度", 2025),
    ("money_cny", "1,234,567.50", Decimal("1234567.5")),
    ("money_cny", "￥１，２３４．５元", Decimal("1234.5")),
    ("money_cny", "-12", Decimal(-12)),
    ("money_cny", "0.00", Decimal(0)),
    ("money_10k_cny", "12.5万元", Decimal("12.5")),
    ("percentage", "12.50%", Decimal("12.5")),
    ("integer", "1,234", 1234),
    ("integer", "12.0", 12),
    ("integer", "9007199254740991", 2**53 - 1),
    ("integer", "-9007199254740991", 1 - 2**53),
    ("quantity", "120.5立方米", Decimal("120.5")),
    ("boolean", "是", True),
    ("boolean", "无", False),
    ("uscc", "91100000100003962t", "91100000100003962T"),
    ("party_identifier", "91100000100003962T", "91100000100003962T"),
    ("id_number", "11010519491231002x", "11010519491231002X"),
    ("id_number", "E12345678", "E12345678"),
    ("id_type", "居民身份证", "身份证"),
    ("phone", "+86 138 1234 5678", "13812345678"),
    ("document_number", "（2021） 浙0106民初 123号", "(2021)浙0106民初123号"),
    ("text_list", "张三；李四、 王五\n赵六", ["张三", "李四", "王五", "赵六"]),
    ("band", "50-99人", "50–99人"),
    ("band", "100人以上", "100人以上"),
    ("text", "\ufeff 甲\u200b公司\t名称 ", "甲公司 名称"),
]
REFUSED = [
    ("date", "二〇二六年三月一日", "chinese_numerals"),
    ("date", "2026-02-30", "date_impossible"),
    ("date", "3/1/2026", "date_format"),
    ("date", "26-3-1", "date_format"),
    ("date", "2026-3/1", "date_format"),
    ("date", "2026-03", "date_format"),
    ("date", "2026-03-01T16:00:00Z", "date_format"),
    ("date", "长期", "date_open_ended"),
    ("date", "99999", "date_impossible"),
    ("date", "٢٠٢٦٠٣٠١", "date_format"),
    ("month", "2026-13", "month_format"),
    ("month", "三月", "chinese_numerals"),
    ("year", "25", "year_format"),
    ("money_cny", "壹万元整", "chinese_numerals"),
    ("money_cny", "12.5万元", "unit"),
    ("money_cny", "12万", "unit"),
    ("money_cny", "1,23,456", "number_format"),
    ("money_cny", "1.2E+05", "number_format"),
    ("money_cny", "1.2345678", "too_many_decimals"),
    ("money_cny", "1" * 19, "too_many_digits"),
    ("money_cny", "nan", "number_format"),
    ("money_cny", "#REF!", "spreadsheet_error"),
    ("money_10k_cny", "12.5亿元", "unit"),
    ("integer", "12.5", "not_whole"),
    ("integer", "9007199254740992", "too_large"),
    ("integer", "-9,007,199,254,740,992", "too_large"),
    ("integer", "999999999999999999", "too_large"),
    ("boolean", "也许", "boolean_word"),
    ("uscc", "91100000100003962X", "uscc_check_digit"),
    ("uscc", "9110000010000396", "uscc_shape"),
    ("party_identifier", "91100000100003962X", "uscc_check_digit"),
    ("party_identifier", "110105194912310021", "id_number_check_digit"),
    ("id_number", "110105194912310021", "id_number_check_digit"),
    ("id_number", "110105199902300021", "id_number_check_digit"),
    ("id_number", "未知", "id_number_shape"),
    ("id_type", "学生证", "not_in_list"),
    ("phone", "12345", "phone_format"),
    ("account_number", "户号不详", "account_format"),
    ("band", "126", "not_a_band"),
    ("text", "=HYPERLINK(1)", "formula"),
    ("document_number", "＝HYPERLINK(1)", "formula"),
    ("document_number", "＠SUM(1)", "formula"),
    ("document_number", "＃REF!", "spreadsheet_error"),
    ("text", "甲\x00乙", "control_character"),
    ("text", "长" * 1001, "too_long"),
    ("text", " -- ", "blank"),
]


@pytest.mark.parametrize(("name", "text", "value"), READ)
def test_it_reads_what_departments_write(name: str, text: str, value: object) -> None:
    found = types.get(name).clean(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("name", "text", "rule"), REFUSED)
def test_it_refuses_what_would_have_to_be_guessed(name: str, text: str, rule: str) -> None:
    with pytest.raises(Unclean) as caught:
        types.get(name).clean(text)
    assert caught.value.rule == rule
    assert any("\u4e00" <= character <= "\u9fff" for character in caught.value.message)


@given(st.dates(date(1928, 1, 1), date(2099, 12, 31)))
def test_one_day_written_in_five_ways_is_one_day(day: date) -> None:
    serial = (day - date(1899, 12, 30)) // timedelta(days=1)
    ways = (day.isoformat(), f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}", str(serial))
    assert {types.get("date").clean(way) for way in ways} == {day}
    assert types.get("date").clean(types.get("date").format(day)) == day


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=2))
def test_an_amount_reads_the_same_with_and_without_separators(amount: Decimal) -> None:
    money = types.get("money_cny")
    assert money.clean(f"{amount:,}") == money.clean(f"{amount}") == amount
    assert money.json(money.clean(f"{amount:,}")) == money.json(amount)


@pytest.mark.parametrize("name", types.names())
@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused_and_reading_again_changes_nothing(name: str, text: str) -> None:
    kind = types.get(name)
    try:
        value = kind.clean(text)
    except Unclean:
        return
    stored = kind.json(value)
    again = "；".join(stored) if isinstance(stored, list) else str(stored)
    assert kind.json(kind.clean(again)) == stored


@pytest.mark.parametrize("cell", ["", "  ", "-", "--", "—", "/", "NULL", "\ufeff", "\u3000"])
def test_what_stands_for_nothing_is_blank(cell: str) -> None:
    assert is_blank(cell)


@pytest.mark.parametrize("cell", ["无", "0", "否", "N/A"])
def test_a_word_is_not_nothing(cell: str) -> None:
    assert not is_blank(cell)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("9999999999999999999999999999.50", "9999999999999999999999999999.5"),
        ("1E+30", "1" + "0" * 30),
        ("-0.00", "0"),
        ("1.20E+2", "120"),
    ],
)
def test_a_number_is_written_out_whatever_its_length(number: str, written: str) -> None:
    assert numerals.plain(Decimal(number)) == written


@pytest.mark.parametrize("name", types.names())
@settings(max_examples=30)
@given(number=st.integers(-(10**20), 10**20) | st.integers(2**53 - 9, 2**53 + 9), scale=st.integers(0, 7))
def test_no_type_stores_a_number_that_json_cannot_carry_exactly(name: str, number: int, scale: int) -> None:
    kind = types.get(name)
    for text in (str(number), format(Decimal(number).scaleb(-scale), "f")):
        try:
            stored = kind.json(kind.clean(text))
        except Unclean:
            continue
        assert not isinstance(stored, float)
        assert canonical.dumps(stored)
