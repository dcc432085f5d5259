"""What judgments and registers say is read in few words; nothing is made up （（七））."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from rongxin.evaluation import consistency, preparing, texts


@pytest.mark.parametrize(
    ("judgment", "duty", "sum_cny"),
    [
        ("被告云州甲公司于本判决生效之日起十日内向原告支付438000元", True, 438_000),
        ("一、被告支付货款12.5万元；二、驳回原告的其他诉讼请求", True, 125_000),
        ("被告偿还借款本金３，０００，０００元及利息；案件受理费99999999元由被告负担", True, 3_000_000),
        ("被告停止侵权，向原告赔偿损失", True, None),
        ("驳回原告要求被告支付50000元的诉讼请求", False, None),
        ("驳回原告的诉讼请求；案件受理费50元由原告支付", False, None),
        ("原告于十日内向被告返还定金20000元；驳回其他请求", False, None),
        ("双方自行和解", None, None),
        (None, None, None),
    ],
)
def test_a_judgment_is_read_for_a_duty_and_the_greatest_sum(
    judgment: str | None, duty: bool | None, sum_cny: int | None
) -> None:
    assert texts.lays_a_duty(judgment) is duty
    assert texts.greatest_sum_cny(judgment) == (None if sum_cny is None else Decimal(sum_cny))


@pytest.mark.parametrize(
    ("before", "after", "less"),
    [
        ("1000万元", "500万元", True),
        ("1000万元人民币", "0.2亿元", False),
        ("500", "500", False),
        ("100万美元", "500万元", None),
        ("1000万元", None, None),
        ("注册资本1000万元，实缴500万元", "500万元", None),
    ],
)
def test_capital_is_less_only_where_both_sums_are_told(
    before: str, after: str | None, less: bool | None
) -> None:
    assert texts.is_less(before, after) is less


def test_a_row_and_an_engine_are_given_the_same_columns() -> None:
    words = "被告云州甲公司向原告支付7.5万元"
    given = {"name": "云州甲公司", "judgment_result": words, "defendant": "云州乙公司、云州甲公司"}
    made = preparing.row("court_judgment", given, subject="云州甲公司")
    assert (made["_as_defendant"], made["_lost"], made["_awarded_cny"]) == (True, True, Decimal(75_000))
    apart = preparing.row("court_judgment", {**given, "defendant": "云州甲公司分公司"}, subject="")
    assert apart["_as_defendant"] is False
    assert preparing.row("court_judgment", {"name": "云州甲公司"}, subject="")["_as_defendant"] is None
    with duckdb.connect() as duck:
        preparing.register(duck)
        read = ", ".join(preparing.column(name) for name in ("_lost", "_awarded_cny"))
        rows = duck.execute(f"SELECT {read} FROM (SELECT ? AS judgment_result)", [words]).fetchall()
    assert rows == [(made["_lost"], made["_awarded_cny"])]


def test_every_prepared_column_says_how_it_is_made_or_why_it_cannot_be() -> None:
    for name, entry in consistency.prepared().items():
        ways = [way for way in ("side", "reads", "not_held") if way in entry]
        assert len(ways) == (0 if name == "_verified" else 1), name
