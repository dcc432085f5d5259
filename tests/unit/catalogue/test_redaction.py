"""Free text loses numbers of persons, phones and cards, however they are written."""

from __future__ import annotations

import random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.catalogue import redaction, types
from rongxin.vocabulary import uscc

MARK = redaction.MARK
HIDDEN = [
    ("身份证110101199003071233违法", f"身份证{MARK}违法"),
    ("身份证１１０１０１１９９００３０７１２３３", f"身份证{MARK}"),
    ("身份证110101 19900307 1233。", f"身份证{MARK}。"),
    ("110101-19900307-1233", MARK),
    ("身份证一一零一零一一九九零零三零七一二三三", f"身份证{MARK}"),
    ("11010519491231002X", MARK),
    ("11010519491231002x和他", f"{MARK}和他"),
    ("11010\u200b1199003071233", MARK),
    ("旧证130503670401001号", f"旧证{MARK}号"),
    ("电话13812345678", f"电话{MARK}"),
    ("电话138 1234 5678，联系", f"电话{MARK},联系"),
    ("+8613812345678", f"+{MARK}"),
    ("2026-03-01 13812345678", f"2026-03-01 {MARK}"),
    ("证110101199003071233电13812345678", f"证{MARK}电{MARK}"),
    ("11010119900307123313812345678", f"{MARK}{MARK}"),
    ("电话008613812345678", f"电话{MARK}"),
    ("电话0086 138-1234-5678", f"电话{MARK}"),
    ("电话（＋86）138 1234 5678", f"电话(+{MARK}"),
    ("电话(138)12345678", f"电话({MARK}"),
    ("电话（138）1234，5678", f"电话({MARK}"),
    ("电话138，12345678", f"电话{MARK}"),
    ("电话138、1234、5678；", f"电话{MARK};"),
    ("电话138*1234*5678", f"电话{MARK}"),
    ("电话138     12345678", f"电话{MARK}"),
    ("证110101,19900307,1233", f"证{MARK}"),
    ("证110101、19900307、1233", f"证{MARK}"),
    ("证110101*19900307*1233", f"证{MARK}"),
    ("证110101·19900307_1233", f"证{MARK}"),
    ("证110101        19900307\n\n\n\n\n1233", f"证{MARK}"),
    ("证1,1,0,1,0,1,1,9,9,0,0,3,0,7,1,2,3,3", f"证{MARK}"),
    ("旧证130503,670401,001", f"旧证{MARK}"),
    ("卡4111，1111，1111，1111", f"卡{MARK}"),
    ("13812345678、13912345678", f"{MARK}、{MARK}"),
]
KEPT = [
    "罚款100000元，没收违法所得12,345.67元",
    "2026年3月1日作出决定",
    "云溪市监罚〔2025〕18号",
    "统一社会信用代码91330100799655058B",
    "统一社会信用代码914403001922038216",
    "（2021）浙0106民初12345号",
    "热线12345",
    "分别处以罚款150、2000、3000元",
    "分别处以罚款15000、200000元，没收违法所得13,812,345,678.00元",
    "注册资本13,812,345,678元（壹佰叁拾捌亿）",
    "依据第19、22、37、45、101条作出处罚",
    "（2021）浙0106民初138、1234、5678号",
    "（2023）浙01民初1356、1357、1358、1359号",
    "云溪市监罚〔2025〕18、19、20号（2025年3月17日）",
    "2025-03-17 138000000元；2025-03-18    139000000元",
    "产品规格1380*600*2000，共200箱，单价1,580.00元",
    "超载，核定15000，实载20000，处罚5000元（伍仟元整）",
    "一、没收违法所得；二、罚款10000元；三、责令改正",
    "批号20240315、20240316，数量1000、2000、3000、4000件",
    "数量1000、2000、3000、4000",
    "已脱敏110***********1233，138****5678",
    "",
]


@pytest.mark.parametrize(("text", "shown"), HIDDEN)
def test_it_takes_out_numbers_of_persons_phones_and_cards(text: str, shown: str) -> None:
    assert redaction.redact(text) == shown


def test_a_card_with_a_right_check_digit_is_taken_out() -> None:
    assert redaction.redact("卡号4111 1111 1111 1111，余额") == f"卡号{MARK},余额"
    assert redaction.redact("编号4111 1111 1111 1112") == "编号4111 1111 1111 1112"


def test_a_code_of_digits_only_is_no_card_even_where_the_cards_check_digit_fits() -> None:
    codes = (uscc.compose("91", "990101", f"{n:08d}") for n in range(1000))
    code = next(code for code in codes if code.isdigit() and redaction._luhn(code))
    assert redaction.redact(f"统一社会信用代码{code}") == f"统一社会信用代码{code}"


@pytest.mark.parametrize("text", KEPT)
def test_it_leaves_everything_else_as_it_was(text: str) -> None:
    assert redaction.redact(text) == text


MESS = st.lists(
    st.sampled_from(["110101", "19900307", "1233", "002X", "138", "1234", "5678", "0086", "4111", "元", "号"])
    | st.text("0138,、*()  -。", max_size=3)
).map("".join)


@given(st.text(max_size=80) | MESS)
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = redaction.redact(text)
    assert redaction.redact(once) == once


WORDS = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=10).filter(
    lambda text: not set(text) & set("〇○零一二三四五六七八九壹贰叁肆伍陆柒捌玖")
)


@given(
    WORDS,
    WORDS,
    st.integers(0, 10**6),
    st.text(" \u3000\u200b\n", max_size=9)
    | st.sampled_from(["-", "，", ",", "、", "*", "（", "）", ")(", "·", "_", " - "]),
    st.booleans(),
)
def test_no_identity_number_gets_through_whatever_stands_around_it(
    before: str, after: str, seed: int, separator: str, full_width: bool
) -> None:
    number = str(types.get("id_number").example(random.Random(seed)))
    written = separator.join((number[:6], number[6:14], number[14:]))
    if full_width:
        written = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in written)
    redacted = redaction.redact(before + written + after)
    assert redacted == f"{before}{MARK}{after}"


@given(st.lists(st.tuples(st.integers(0, 10**7), st.sampled_from("元件号条人%")), max_size=8))
def test_counts_and_amounts_of_any_size_stay(counts: list[tuple[int, str]]) -> None:
    text = "".join(f"{number}{unit}，" for number, unit in counts)
    assert redaction.redact(text) == text


def test_a_text_of_blanks_costs_no_more_than_one_of_letters() -> None:
    text = "1" + " " * 30_000 + "2" + "，" * 30_000
    assert redaction.redact(text) == text


@given(st.text(max_size=40), st.sampled_from("3456789"), st.integers(0, 10**9 - 1))
def test_no_mobile_number_gets_through_between_words(before: str, second: str, rest: int) -> None:
    number = f"1{second}{rest:09d}"
    assert number not in redaction.redact(f"{before}甲{number}乙")


def test_the_first_glance_misses_no_digit() -> None:
    """A text is read closely only where this pattern finds enough; it must know whatever `_digit` knows."""
    everything = map(chr, range(0x110000))
    assert not [c for c in everything if bool(redaction._digit(c, "11")) != bool(redaction._DIGIT.match(c))]


@given(st.uuids(version=4), st.sampled_from(("13900139000", "139-0013-9000", "")))
def test_a_random_number_of_a_case_is_no_telephone_but_one_beside_it_is(number: UUID, beside: str) -> None:
    assert redaction.holds_number(f"DK-{number} {beside}".strip()) is bool(beside)
    assert redaction.holds_number(f"{beside}/{str(number).upper()}") is bool(beside)


@pytest.mark.parametrize(
    "text",
    ["62220205-0889-9579-0328-921840110704", "a13900139000", "1390013-9000", "9f1b-13900139000-0c2d"],
)
def test_what_only_looks_like_a_uuid_is_looked_into(text: str) -> None:
    assert redaction.holds_number(text)
