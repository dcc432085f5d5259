"""A batch that doesn't come is noted once for each due day, its provider is reminded, the sheet says so."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.sharing.aggregation import batches, row_changes, withdrawal
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Reminder, Schedule
from rongxin.sharing.quality import sheets
from rongxin.sharing.schedule import lateness, plans
from rongxin.sharing.schedule.rules import Every
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.sharing.conftest import CLERK, PROVIDER, Bureau, code
from tests.unit.sharing.desk_stage import HONOUR

pytestmark = pytest.mark.django_db
CHINA = ZoneInfo("Asia/Shanghai")
HONOURS, PENALTY = "honours", "administrative_penalty"
OPERATOR = Actor(ActorKind.ACCOUNT, "op", "operator:node")


def at(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=CHINA)


BEGAN = at(3, 1)


def monthly(day: int = 10, grace: int = 3, as_of: datetime = BEGAN, **options: Any) -> plans.Segment:
    given = {"item": HONOURS, "provider": PROVIDER, "every": Every.MONTH, "actor": OPERATOR, **options}
    return plans.set_plan(day=day, grace_working_days=grace, as_of=as_of, **given)


def hand_in(bureau: Bureau, when: datetime, title: str) -> batches.Receipt:
    rows = [("云州公司", code(1), title, "2026-01-05", "云州市政府")]
    return bureau.submits(bureau.writes(HONOUR, rows), HONOURS, as_of=when)


def test_a_late_batch_is_noted_once_and_its_provider_reminded() -> None:
    monthly()
    assert lateness.remind(as_of=at(3, 13, 23)) == 0  # the last day of grace is in time
    assert lateness.remind(as_of=at(3, 14, 0)) == 1
    for hour in range(1, 5):
        assert lateness.remind(as_of=at(3, 14, hour)) == 0
    (reminder,) = lateness.reminders(provider=PROVIDER, as_of=at(3, 14))
    assert reminder["text"].endswith("”应于 2026-03-10 报送，宽限至 2026-03-13，至今未收到；请尽快报送。")
    (entry,) = entries.find(kinds=[Kind.BATCH_LATE])
    assert (entry.refs["due_on"], entry.refs["item"]) == ("2026-03-10", HONOURS)
    assert lateness.remind(as_of=at(4, 20)) == 1  # April's own
    assert lateness.reminders(provider="tax_bureau", as_of=at(4, 20)) == []


def test_what_comes_in_time_is_not_late_and_what_comes_late_is_said_to_have_come(bureau: Bureau) -> None:
    monthly()
    hand_in(bureau, at(3, 13, 23), "荣誉一")
    assert lateness.remind(as_of=at(3, 20)) == 0
    assert lateness.remind(as_of=at(4, 20)) == 1
    hand_in(bureau, at(4, 21), "荣誉二")
    (reminder,) = lateness.reminders(as_of=at(4, 22))
    assert (reminder["due_on"], reminder["delivered_on"]) == ("2026-04-10", "2026-04-21")


def test_the_months_report_tells_what_was_reminded_of_and_whether_it_came(bureau: Bureau) -> None:
    monthly()
    assert [lateness.remind(as_of=at(month, 20)) for month in (3, 4)] == [1, 1]
    hand_in(bureau, at(4, 21), "荣誉一")
    now = at(4, 30)
    (told,) = sheets.of("2026-03", provider=PROVIDER, as_of=at(4, 20))["reminders"]
    assert (told["item_label"], told["due_on"], told["delivered_on"]) == ("荣誉表彰", "2026-03-10", None)
    (told,) = sheets.of("2026-04", provider=PROVIDER, as_of=now)["reminders"]
    assert (told["due_on"], told["delivered_on"]) == ("2026-04-10", "2026-04-21")
    assert sheets.of("2026-04", provider="tax_bureau", as_of=now)["reminders"] == []
    assert lateness.reminders(only_open=True, as_of=now) == []
    assert len(lateness.reminders(only_open=True, as_of=at(4, 20))) == 2


def test_a_withdrawn_batch_or_a_corrected_row_is_no_delivery(bureau: Bureau) -> None:
    first = hand_in(bureau, at(3, 2), "荣誉零")
    monthly()
    second = hand_in(bureau, at(4, 9), "荣誉一")
    assert first.batch is not None
    assert second.batch is not None
    withdrawal.withdraw(second.batch, actor=CLERK, as_of=at(4, 10))
    row_changes.correct(
        first.batch, 2, {"表彰机关名称": "云州市科技局"}, reason="录入有误", actor=CLERK, as_of=at(4, 10)
    )
    assert lateness.remind(as_of=at(4, 20)) == 1


def test_a_batch_that_only_waits_to_be_filed_has_come(bureau: Bureau) -> None:
    monthly()
    path = bureau.writes(HONOUR, [("云州公司", code(1), "荣誉", "2026-01-05", "云州市政府")])
    batches.receive(path, item=HONOURS, provider=PROVIDER, actor=CLERK, as_of=at(3, 10))
    assert lateness.remind(as_of=at(3, 20)) == 0


def test_by_the_parameter_an_item_is_expected_from_its_first_batch_on(bureau: Bureau) -> None:
    assert lateness.shown(as_of=at(3, 1)) == []
    header = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "行政处罚决定日期")
    path = bureau.writes(header, [("云州公司", code(1), "一号", "2026-03-02")])
    bureau.submits(path, PENALTY, as_of=at(3, 4))
    (plan,) = lateness.shown(provider=PROVIDER, as_of=at(3, 5))
    assert (plan["item"], plan["label"], plan["version"]) == (PENALTY, "每周五（宽限3个工作日）", 0)
    assert (plan["last"], plan["next"]["due_on"]) == (None, "2026-03-06")
    assert lateness.remind(as_of=at(3, 12)) == 0  # the first batch opened the week
    assert lateness.remind(as_of=at(3, 19)) == 1
    given = {"item": PENALTY, "provider": PROVIDER, "every": Every.NEVER, "day": None}
    plans.set_plan(**given, grace_working_days=0, actor=SYSTEM, as_of=at(3, 19))
    assert lateness.remind(as_of=at(4, 9)) == 0
    (plan,) = lateness.shown(as_of=at(3, 20))
    assert (plan["label"], plan["next"]) == ("不定期", None)


def test_a_changed_plan_leaves_what_was_due_before(bureau: Bureau) -> None:
    monthly(as_of=at(3, 1))
    monthly(day=25, grace=0, as_of=at(3, 20))
    assert [row.version for row in Schedule.objects.order_by("version")] == [1, 2]
    found = lateness.of(date(2026, 3, 1), date(2026, 4, 30), as_of=at(4, 30))
    _, days = found[PROVIDER, HONOURS]
    assert [str(one.due.due_on) for one in days] == ["2026-03-10", "2026-03-25", "2026-04-25"]
    assert [entry.refs["plan"] for entry in entries.find(kinds=[Kind.SCHEDULE_SET])] == [
        "month.25.0",
        "month.10.3",
    ]


def test_after_a_standstill_only_the_last_month_is_reminded_of() -> None:
    monthly(day=1, grace=0, every=Every.WEEK, as_of=at(1, 5))
    assert lateness.remind(as_of=at(9, 1)) == 5
    assert lateness.remind(as_of=at(9, 1)) == 0


def test_only_the_operator_sets_a_plan_and_only_one_that_is_whole() -> None:
    for options, wrong in (
        ({"actor": CLERK}, "operator_needed"),
        ({"day": 32}, "schedule_invalid"),
        ({"provider": "tax_bureau"}, "no_mandate"),
        ({"item": "housing_fund"}, "not_aggregated"),
    ):
        with pytest.raises(Refused) as caught:
            monthly(**options)
        assert caught.value.code == wrong
    assert not Schedule.objects.exists()
    assert entries.find(kinds=[Kind.SCHEDULE_SET]) == []


def test_the_sheet_shows_lateness_of_what_came_and_of_what_did_not(bureau: Bureau) -> None:
    monthly()
    silent = {h["item"]["id"]: h for h in sheets.of("2026-03", as_of=at(3, 31))["silent"]}
    assert silent[HONOURS]["schedule"]["missing"] == 1
    assert silent[PENALTY]["schedule"] is None
    hand_in(bureau, at(3, 16), "荣誉一")
    (line,) = sheets.of("2026-03", as_of=at(3, 31))["lines"]
    own = line["schedule"]
    assert (own["due"], own["in_time"], own["late"], own["missing"], own["open"]) == (1, 0, 1, 0, 0)
    assert own["plan"] == "每月10日（宽限3个工作日）"
    assert own["days"][0] == {
        "due_on": "2026-03-10",
        "deadline": "2026-03-13",
        "delivered_on": "2026-03-16",
        "state": "late",
        "label": "逾期报送",
    }


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_remind_once() -> None:
    monthly()
    done: list[int] = []

    def act() -> None:
        try:
            done.append(lateness.remind(as_of=at(3, 14) + timedelta(hours=1)))
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 0, 0, 0, 0, 1]
    assert Reminder.objects.count() == 1
