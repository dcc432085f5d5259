"""Files of outcomes: every row accounted for, handed in twice without harm, others refused."""

from __future__ import annotations

import polars as pl
import pytest

from rongxin.financing import outcome_files, outcomes
from rongxin.financing.errors import UnfitFile
from tests.unit.consent import stage
from tests.unit.financing.test_outcomes import BANK

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = ",".join(outcome_files.COLUMNS)
GOOD = """DK-1,已受理,2026-01-05,"500,000.00",,,,,,,
DK-1,已批准,2026/1/8,300000,4.35,12,信用,,,,
DK-1,已放款,20260110,300000,,,,,,,
DK-1,还款情况,2026-02-10,,,,,,275000,0,
DK-2,rejected,2026-01-09,,,,,信息不足,,,
"""
BAD = """DK-9,已受理,2026-01-05,1,,,,,,,
DK-2,已受理,去年,1,,,,,,,
DK-3,已受理,2026-01-05,三万,,,,,,,
DK-3,已签约,2026-01-05,1,,,,,,,
DK-3,已批准,2026-01-05,1,4.355,12,信用,,,,
,已受理,2026-01-05,1,,,,,,,
"""


@pytest.fixture(autouse=True)
def matters():
    stage.bank()
    return [stage.case(stage.firm(), "bank_a", f"DK-{number}") for number in (1, 2, 3)]


def take(path):
    return outcome_files.take(path, "bank_a", name=path.name, actor=BANK, as_of=stage.NOW)


def test_every_row_ends_as_accepted_duplicate_or_refused(tmp_path, matters):
    path = tmp_path / "结果.csv"
    path.write_text(f"{HEAD}\n{GOOD}{BAD}", encoding="gb18030")
    receipt = take(path)
    assert (receipt.rows, receipt.accepted, receipt.duplicates) == (11, 5, 0)
    assert [one["line"] for one in receipt.refused] == [7, 8, 9, 10, 11, 12]
    assert all(one["reason"] for one in receipt.refused)
    again = take(path)
    assert (again.rows, again.accepted, again.duplicates, len(again.refused)) == (11, 0, 5, 6)
    approved = outcomes.of_case(matters[0])[1]
    assert (approved.rate_bp, approved.term_months, approved.security.value) == (435, 12, "credit")


def test_parquet_with_the_names_of_the_api_does_as_well(tmp_path, matters):
    path = tmp_path / "outcomes.parquet"
    pl.DataFrame(
        {"reference": ["DK-3"], "stage": ["received"], "on": ["2026-01-05"], "amount_cny": ["1000"]}
    ).write_parquet(path)
    assert take(path).accepted == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("业务编号,阶段\nDK-1,已受理\n", "缺少列 日期"),
        ("业务编号,阶段,日期,姓名\n", "不认识的列 姓名"),
        ("业务编号,reference,阶段,日期\n", "两列"),
        ("", "空"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_in_words(tmp_path, text, says):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(UnfitFile, match=says):
        take(path)
