"""`rongxin evaluate models`, `freeze`, `report` as an operator meets them: every form, and what can't be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rongxin.entrypoints.cli import evaluate
from rongxin.evaluation import freezing, loading, tiers
from rongxin.evaluation.monitoring import reports
from tests.unit.consent import stage as people
from tests.unit.evaluation.monitoring.stage import promoted, registered
from tests.unit.evaluation.stage import PENALTY, VERSION, City

MONTH = "2026-04"


@pytest.fixture
def city(transactional_db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> City:
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    made = City()
    for _ in range(40):
        made.firm()
    made.connects(PENALTY)
    return made


def says(*words: object) -> Result:
    return CliRunner().invoke(evaluate.command, [str(word) for word in words])


def refused(result: Result, *said: str) -> None:
    assert result.exit_code == 1, result.output
    last = result.output.strip().splitlines()[-1]
    assert last.startswith("Error: "), result.output
    for word in said:
        assert word in last, last


def test_models_lists_every_version_and_where_it_stands(city: City) -> None:
    assert json.loads(says("models").stdout) == []
    staff = people.operators(2)
    registered(VERSION, staff[0], as_of=city.now)
    (draft,) = json.loads(says("models").stdout)
    assert (draft["version"], draft["state"], draft["made_from"]) == (VERSION, "draft", "专家判断（虚构）")
    city.run()
    promoted(VERSION, staff, as_of=city.now)
    (champion,) = json.loads(says("models").stdout)
    assert (champion["state"], champion["state_label"]) == ("champion", "在用（冠军）")
    assert champion["promoted_by"] != champion["proposed_by"]


def test_report_writes_each_form_of_the_same_frozen_month(city: City, tmp_path: Path) -> None:
    city.run()
    outs = [tmp_path / f"model.{form}" for form in ("json", "html", "pdf")]
    result = says("report", "--month", MONTH, *(word for out in outs for word in ("--out", out)))
    assert result.exit_code == 0, result.output
    assert f"{MONTH} 模型月报" in result.stdout
    told = json.loads(outs[0].read_text("utf-8"))
    assert told == reports.held(MONTH)
    assert told["population"]["subjects"] == 40
    page = outs[1].read_text("utf-8")
    assert "模型月报" in page
    assert VERSION in page
    assert outs[2].read_bytes().startswith(b"%PDF")
    again = tmp_path / "again.json"
    assert says("report", "--month", MONTH, "--out", again).exit_code == 0
    assert again.read_bytes() == outs[0].read_bytes()


@pytest.mark.parametrize(
    ("month", "out", "said"),
    [
        ("2026-13", "m.json", ("'2026-13'", "2026-10", "bad_month")),
        ("2999-01", "m.json", ("'2999-01'", "bad_month")),
        (MONTH, "m.json", ("rongxin evaluate run", "not_scored")),
        (MONTH, "m.docx", ("m.docx", ".html", ".pdf", ".json")),
    ],
)
def test_report_says_in_one_line_what_cannot_be(
    month: str, out: str, said: tuple[str, ...], city: City, tmp_path: Path
) -> None:
    refused(says("report", "--month", month, "--out", tmp_path / out), *said)
    assert not (tmp_path / out).exists()


def test_report_says_where_it_could_not_write(city: City, tmp_path: Path) -> None:
    city.run()
    refused(says("report", "--month", MONTH, "--out", tmp_path / "no" / "m.json"), "m.json", "No such file")


def test_freeze_writes_a_version_that_nobody_has_promoted(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(loading.OWN, str(tmp_path / "versions"))
    read = [one for one in loading.load(VERSION).indicators.values() if tiers.is_public(one)]
    city.connects(*sorted({item for one in read for item in one.items}))
    run = city.run()
    refused(says("freeze", "2027-01-01"), "40 户", "200 户")
    few = freezing.shares(city.now.date()).model_copy(update={"segment_min": 10})
    monkeypatch.setattr(freezing, "shares", lambda on: few)
    refused(says("freeze", "2027-01-01", "--run", run.run + 1), "没有已发布")
    made = json.loads(says("freeze", "2027-01-01", "--effective-from", "2027-01-01").stdout)
    assert (made["run"], made["of"], made["files_that_count"]) == (run.run, VERSION, 40)
    assert loading.load("2027-01-01").grades.grades == made["grades"] != made["grades_before"]
    assert json.loads(says("models").stdout) == []
    refused(says("freeze", "2027-01-01"), "2027-01-01", "新的日期")
