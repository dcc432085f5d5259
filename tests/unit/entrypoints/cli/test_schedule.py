"""`rongxin schedule` as an operator meets it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import schedule, worker
from rongxin.parties import seed
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)
OURS = ("--item", "honours", "--provider", "development_reform_commission")


def _says(*arguments, status=0):
    result = CliRunner().invoke(schedule.command, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def node(tmp_path, settings, monkeypatch):
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)


def test_a_plan_is_set_shown_and_watched():
    made = _says("set", *OURS, "--every", "month", "--day", 10)
    assert (made["version"], made["label"]) == (1, "每月10日（宽限3个工作日）")
    (plan,) = _says("show", "--provider", "development_reform_commission")
    assert plan["next"]["due_on"].endswith("-10") or plan["last"]["due_on"].endswith("-10")
    assert _says("remind") == {"reminded": 0}
    assert _says("late") == []
    assert _says("set", *OURS, "--every", "never", "--grace", 0)["label"] == "不定期"


def test_what_is_wrong_is_said_in_one_document():
    refusal = _says("set", *OURS, "--every", "week", "--day", 9, status=2)
    assert (refusal["code"], refusal["refused"]) == ("schedule_invalid", True)
    assert "1 至 7" in refusal["what"]
    assert _says("show", "--provider", "nobody", status=2)["code"] == "unknown_party"


def test_the_worker_looks_for_late_batches_by_itself():
    (duty,) = [one for one in worker.duties() if one.name == "reminders of late batches"]
    assert duty.act(timezone.now()) == 0
