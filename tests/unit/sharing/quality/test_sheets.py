"""The figures are the receipts' own, whatever was handed in, and rest on first filings only."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.sharing.aggregation import batches, outcomes, withdrawal
from rongxin.sharing.errors import BadMonth
from rongxin.sharing.models import Batch
from rongxin.sharing.quality import counts, sheets, timeliness
from rongxin.sharing.quality.rules import Calendar
from rongxin.sharing.rules import RowOutcome
from tests.unit.sharing.conftest import CLERK, PROVIDER, Bureau, code

pytestmark = pytest.mark.django_db
PENALTY = "administrative_penalty"
HEADER = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期")
CHINA = ZoneInfo("Asia/Shanghai")
FILES = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["云州公司", "", "张三"]),
            st.sampled_from([code(1), code(2), code(3)[:17] + "?", "", "12345678-9", "11010519491231002X"]),
            st.sampled_from(["一号", "二号", "三号", ""]),
            st.sampled_from(["1", "2", "壹", "-5", ""]),
            st.sampled_from(["2026-03-01", "2026-05-28", "2030-01-01", "昨天", ""]),
        ),
        min_size=1,
        max_size=8,
    ),
    min_size=1,
    max_size=4,
)
RUNS = count()
COUNTED = ("read", "accepted", "rejected", "pending", "duplicate")


def _at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 10, tzinfo=CHINA)


def _hand_in(bureau: Bureau, rows, at: datetime, item: str = PENALTY, header=HEADER):
    return batches.submit(bureau.writes(header, rows), item=item, provider=PROVIDER, actor=CLERK, as_of=at)


def _own(month: str, item: str = PENALTY) -> counts.Figures:
    return counts.figures(first=month, last=month)[PROVIDER, item, month]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=FILES, withdrawn=st.integers(0, 3))
def test_figures_add_up_to_the_receipts(bureau: Bureau, files, withdrawn):
    run = next(RUNS)
    month = f"20{30 + run // 12}-{run % 12 + 1:02d}"
    at = datetime.fromisoformat(f"{month}-03T10:00:00+08:00")
    receipts = []
    for number, rows in enumerate(files):
        own = [(*row[:2], row[2] and f"{row[2]}-{run}", *row[3:]) for row in rows]
        own.append((f"第{number}家", code(9), f"{run}-{number}号", "1", ""))
        receipts.append(_hand_in(bureau, own, at + timedelta(hours=number)))
    if withdrawn < len(receipts):
        gone = receipts.pop(withdrawn)
        withdrawal.withdraw(gone.batch, actor=CLERK, as_of=at + timedelta(days=1))
    if not receipts:
        return
    figures = _own(month)
    for name in COUNTED:
        assert getattr(figures, name) == sum(getattr(r.counts, name) for r in receipts), name
    assert (figures.batches, figures.measured) == (len(receipts), len(receipts))
    for outcome in RowOutcome:
        kept = Counter(end.rule for r in receipts for end in outcomes.of_batch(r.batch, [outcome]))
        if outcome.value in COUNTED:
            assert getattr(figures, f"{outcome}_by") == kept
    first = figures.timeliness
    superseded = sum(receipt.superseded for receipt in receipts)
    assert first.timely + first.late + first.undated + first.backlog == figures.accepted - superseded


def test_seven_working_days_are_counted_from_the_first_filing_alone(bureau: Bureau):
    def row(number, fine, day):
        return ("云州公司", code(1), number, fine, day)

    _hand_in(bureau, [row("一号", "1", "2026-03-02"), row("二号", "1", "2026-02-20")], _at(3, 11))
    first = _own("2026-03").timeliness
    assert (first.timely, first.late, first.undated, first.backlog) == (0, 0, 0, 2)
    # The same export again, a corrected amount, and a decision a day beyond its seven working days.
    again = [row("一号", "9", "2026-03-02"), row("二号", "1", "2026-02-20"), row("三号", "1", "2026-05-11")]
    again.append(row("六号", "1", "2026-05-12"))
    _hand_in(bureau, [*again, row("四号", "1", "2025-01-01"), row("五号", "1", "")], _at(5, 21))
    later = _own("2026-05").timeliness
    assert (later.timely, later.late, later.undated, later.backlog) == (1, 1, 1, 1)


def test_what_the_first_month_decided_and_half_a_year_later_came_is_late_not_stock(bureau: Bureau):
    """Of a day so long ago only the month is kept, save where it is the month that the item began in."""

    def row(number, day):
        return ("云州公司", code(1), number, "1", day)

    _hand_in(bureau, [row("一号", "2026-03-02")], _at(3, 11))
    late = [row("二号", "2026-03-09"), row("三号", "2026-03-11"), row("四号", "2026-03-31")]
    _hand_in(bureau, [*late, row("五号", "2026-04-01"), row("六号", "2026-02-28")], _at(8, 20))
    own = _own("2026-08").timeliness
    assert (own.timely, own.late, own.undated, own.backlog) == (0, 3, 0, 2)


def test_completeness_counts_an_empty_required_field_of_a_rejected_row(bureau: Bureau):
    rows = [
        ("云州公司", code(1), "一号", "1", "2026-03-02"),
        ("", code(2), "二号", "", "2026-03-02"),  # no name: required
        ("云州公司", code(3)[:17] + "?", "三号", "", "2026-03-02"),  # filled, though wrong
        ("张三", "11010519491231002X", "四号", "", "2026-03-02"),  # a natural person: not of this
    ]
    _hand_in(bureau, rows, _at(3, 4))
    own = _own("2026-03")
    assert (own.checked, own.valid) == (3, 1)
    assert (own.required["name"], own.required["uscc"]) == (2, 3)
    line = sheets.of("2026-03", as_of=_at(3, 31))["lines"][0]
    assert line["completeness"]["required"] == {"part": 5, "whole": 6, "text": "83.3%"}
    assert [field["name"] for field in line["completeness"]["fields"]][:2] == ["name", "uscc"]
    assert line["acceptance"] == {"part": 1, "whole": 4, "text": "25.0%"}


def test_a_batch_from_before_the_measures_counts_by_its_receipt(bureau: Bureau):
    row = ("云州公司", code(1), "一号", "1", "2026-03-02")
    receipts = [_hand_in(bureau, [row, row], _at(3, 4)), _hand_in(bureau, [row], _at(3, 5))]
    batch = Batch.objects.get(pk=receipts[0].batch)
    del batch.profile["quality"]
    batch.save()
    own = _own("2026-03")
    assert (own.read, own.accepted, own.duplicate) == (3, 1, 2)
    assert (own.batches, own.measured) == (2, 1)
    assert sheets.of("2026-03", as_of=_at(3, 31))["totals"]["batches"]["unmeasured"] == 1


def test_a_sheet_says_whether_holidays_are_known(bureau: Bureau, monkeypatch):
    said = sheets.of("2026-03", as_of=_at(3, 31))["basis"]["calendar"]
    assert "含法定节假日与调休（国务院办公厅关于2026年部分节假日安排的通知）" in said
    assert "尚未录入" in sheets.of("2027-03", as_of=_at(3, 31))["basis"]["calendar"]
    whole = Calendar(complete=((date(2026, 1, 1), date(2026, 12, 31)),))
    monkeypatch.setattr(timeliness, "calendar", lambda: whole)
    assert sheets.of("2026-03", as_of=_at(3, 31))["basis"]["calendar_complete"] is True
    assert sheets.of("2026-01", as_of=_at(3, 31))["basis"]["calendar_complete"] is False


def test_a_sheet_names_what_was_not_handed_in_and_the_months_before(bureau: Bureau):
    honour = ("企业名称", "统一社会信用代码", "荣誉名称", "授予日期", "授予机关")
    for month in (2, 3):
        row = ("云州公司", code(1), f"荣誉{month}", "2026-01-05", "云州市政府")
        _hand_in(bureau, [row], _at(month, 10), "honours", honour)
    sheet = sheets.of("2026-03", provider=PROVIDER, as_of=_at(3, 31))
    assert [line["item"]["id"] for line in sheet["lines"]] == ["honours"]
    assert [month["month"] for month in sheet["lines"][0]["trend"]] == ["2026-02", "2026-03"]
    assert sheet["lines"][0]["timeliness"] is None
    silent = {head["item"]["id"]: head["connection"] for head in sheet["silent"]}
    assert silent[PENALTY]["label"] == "未接入"
    assert silent["administrative_compulsion"]["label"] == "逾期未接入"
    assert sheet["totals"]["rows"]["read"] == 1


def test_a_provider_sees_its_own_and_a_month_ends_in_china(bureau: Bureau):
    row = ("云州公司", code(1), "一号", "1", "2026-03-20")
    last_minute = datetime(2026, 3, 31, 15, 59, tzinfo=ZoneInfo("UTC"))
    _hand_in(bureau, [row], last_minute)
    _hand_in(bureau, [("云州公司", code(1), "二号", "1", "")], last_minute + timedelta(minutes=1))
    assert [_own(month).read for month in ("2026-03", "2026-04")] == [1, 1]
    assert sheets.of("2026-03", provider="customs", as_of=_at(3, 31))["lines"] == []


@pytest.mark.parametrize("text", ["2026-13", "10月", "2026-1", "2026-10-01", ""])
def test_a_month_that_is_none_is_refused(text):
    with pytest.raises(BadMonth):
        sheets.checked_month(text, as_of=_at(3, 1))
