"""Mappings and schedules move with the platform, are counted, and never overwrite what stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rongxin.parties import providers
from rongxin.proof import boxes
from rongxin.sharing import source_levels
from rongxin.sharing.aggregation import batches, saved_mappings
from rongxin.sharing.models import SavedMapping, Schedule
from rongxin.sharing.schedule import plans
from rongxin.sharing.schedule.rules import Every
from rongxin.vocabulary.level import SourceLevel
from tests.unit.consent import stage as consent_stage
from tests.unit.consent.stage import NOW
from tests.unit.records.conftest import Bureau, Row

from .stage import OPERATOR, PENALTY, Platform, empty, out, take

pytestmark = pytest.mark.django_db(transaction=True)
ABNORMAL = "abnormal_operations_list"
PROVIDER = "development_reform_commission"
AT: dict[str, Any] = {"provider": PROVIDER, "actor": OPERATOR, "as_of": NOW}
OWN = {
    "columns": {"处罚金额": {"field": "罚款金额", "unit": "万元"}},
    "constants": {"authority": "云州市城管局"},
}
COUNTS = ("declared", "read", "taken", "already_there", "refused", "agrees")


@pytest.fixture(autouse=True)
def _node(tmp_path: Path, settings: Any) -> None:
    settings.RONGXIN_VAR = tmp_path / "var"
    empty()


def counts(report: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(report[name] for name in COUNTS)


def arrange(grace: int = 2) -> None:
    saved_mappings.save(OWN, item=PENALTY, **AT)
    plans.set_plan(item=PENALTY, every=Every.MONTH, day=5, grace_working_days=9, **AT)
    plans.set_plan(item=PENALTY, every=Every.MONTH, day=10, grace_working_days=grace, **AT)


def test_what_is_in_force_moves_and_an_empty_node_reads_files_by_it(tmp_path: Path) -> None:
    arrange()
    old = SavedMapping.objects.get().document
    directory = out(tmp_path / "out", tmp_path / "key")
    empty()
    report = take(directory, opener=boxes.opener(tmp_path / "key"))
    assert counts(report["mappings.jsonl"]) == (1, 1, 1, 0, 0, True)
    assert counts(report["schedules.jsonl"]) == (1, 1, 1, 0, 0, True)
    assert (SavedMapping.objects.get().document, SavedMapping.objects.get().version) == (old, 1)
    plan = Schedule.objects.get()
    assert (plan.every, plan.day, plan.grace_working_days, plan.since) == ("month", 10, 2, NOW.date())
    path = tmp_path / "penalties.csv"
    code = "91990100MA00000073"
    path.write_text(
        "企业名称,统一社会信用代码,行政处罚决定书文号,处罚金额,行政处罚决定日期\n"
        f"云州商贸有限公司,{code},一号,1.5,2026-02-01\n",
        "utf-8",
    )
    receipt = batches.submit(path, item=PENALTY, **AT)
    assert (receipt.counts.accepted, receipt.mapping) == (1, 1)


def test_what_stands_here_is_not_overwritten_and_the_same_again_is_already_there(tmp_path: Path) -> None:
    arrange()
    same = out(tmp_path / "same", tmp_path / "key")
    key = boxes.opener(tmp_path / "key")
    assert counts(take(same, opener=key)["schedules.jsonl"]) == (1, 1, 0, 1, 0, True)
    assert counts(take(same, opener=key)["mappings.jsonl"]) == (1, 1, 0, 1, 0, True)
    empty()
    plans.set_plan(item=PENALTY, every=Every.WEEK, day=1, grace_working_days=0, **AT)
    saved_mappings.save({"columns": {"金额": "罚款金额"}}, item=PENALTY, **AT)
    report = take(same, opener=key)
    assert counts(report["mappings.jsonl"]) == (1, 1, 0, 0, 1, True)
    assert report["mappings.jsonl"]["refusals"][0]["code"] == "mapping_differs"
    assert report["schedules.jsonl"]["refusals"][0]["code"] == "schedule_differs"
    assert (SavedMapping.objects.count(), Schedule.objects.get().every) == (1, "week")


def test_levels_move_and_never_overwrite_what_is_set_here(tmp_path: Path) -> None:
    source_levels.set_level(PROVIDER, SourceLevel.PROVINCIAL, actor=OPERATOR, as_of=NOW)
    directory = out(tmp_path / "out", tmp_path / "key")
    empty()
    key = boxes.opener(tmp_path / "key")
    assert counts(take(directory, opener=key)["source_levels.jsonl"]) == (1, 1, 1, 0, 0, True)
    assert source_levels.declared(as_of=NOW) == {PROVIDER: SourceLevel.PROVINCIAL}
    empty()
    source_levels.set_level(PROVIDER, SourceLevel.NATIONAL, actor=OPERATOR, as_of=NOW)
    report = take(directory, opener=key)
    assert report["source_levels.jsonl"]["refusals"][0]["code"] == "level_differs"
    assert source_levels.declared(as_of=NOW) == {PROVIDER: SourceLevel.NATIONAL}
    rows = ({"provider": PROVIDER, "level": "heaven"}, {"provider": "nobody", "level": "city"})
    platform = Platform(tmp_path / "platform").rows("levels.jsonl", "source_levels", *rows)
    refused = [one["code"] for one in take(platform.says())["levels.jsonl"]["refusals"]]
    assert refused == ["level_invalid", "unknown_provider"]


def test_remits_move_and_never_overwrite_what_is_declared_here(tmp_path: Path) -> None:
    def declare(region: str) -> None:
        providers.declare(PROVIDER, providers.remit([region], ["company"]), actor=OPERATOR, as_of=NOW)

    declare("990100")
    held = providers.get(PROVIDER).remit
    directory = out(tmp_path / "out", tmp_path / "key")
    empty()
    key = boxes.opener(tmp_path / "key")
    assert counts(take(directory, opener=key)["remits.jsonl"]) == (1, 1, 1, 0, 0, True)
    assert providers.get(PROVIDER).remit == held
    empty()
    declare("990000")
    report = take(directory, opener=key)
    assert report["remits.jsonl"]["refusals"][0]["code"] == "remit_differs"
    rows = ({"provider": PROVIDER, "regions": "99"}, {"provider": "nobody", "regions": ["990100"]})
    platform = Platform(tmp_path / "platform").rows("remits.jsonl", "remits", *rows)
    refused = [one["code"] for one in take(platform.says())["remits.jsonl"]["refusals"]]
    assert refused == ["remit_invalid", "unknown_provider"]


def test_rows_kept_by_an_agreement_stay_with_who_agreed(tmp_path: Path) -> None:
    firm = consent_stage.firm()
    Bureau().files(Row(2, firm.id, "", {"uscc": firm.uscc}), item=ABNORMAL)
    directory = out(tmp_path / "out", tmp_path / "key")
    manifest = json.loads((directory / "manifest.json").read_text())
    assert "bulk_records" in manifest["left_out"]
    assert not [one for one in manifest["files"] if one["item"] == ABNORMAL]
    platform = Platform(tmp_path / "platform")
    platform.rows("records/a.jsonl", "records", {"subject": firm.uscc}, item=ABNORMAL)
    report = take(platform.says())["records/a.jsonl"]
    assert (report["taken"], report["agrees"]) == (0, False)
    assert "批量调用" in report["stopped"]


def test_rows_that_say_nothing_sensible_are_handed_back(tmp_path: Path) -> None:
    fine = {"provider": PROVIDER, "item": PENALTY, "every": "month", "day": 5, "grace_working_days": 1}
    rows = [{**fine, "provider": "nobody"}, {**fine, "every": "moon"}, {**fine, "day": 99}, fine]
    platform = Platform(tmp_path / "platform").rows("schedules.jsonl", "schedules", *rows)
    mapped = {"provider": PROVIDER, "item": PENALTY, "mapping": {"columns": {"甲": "没有的字段"}}}
    report = take(platform.rows("mappings.jsonl", "mappings", mapped, {"item": PENALTY}).says())
    assert counts(report["schedules.jsonl"]) == (4, 4, 1, 0, 3, True)
    refused = [one["code"] for one in report["schedules.jsonl"]["refusals"]]
    assert refused == ["unknown_provider", "schedule_invalid", "schedule_invalid"]
    refused = [one["code"] for one in report["mappings.jsonl"]["refusals"]]
    assert refused == ["mapping_invalid", "unknown_provider"]
