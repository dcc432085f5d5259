"""`rongxin consent owed` and `rongxin alarms` as an operator meets them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.utils import timezone

from rongxin.consent import grants
from rongxin.consent.deletion import duties
from rongxin.entrypoints.cli import alarms, consent, worker
from rongxin.governance import alarms as governance
from rongxin.journal import sequencer
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)


def says(command: Any, *arguments: str, status: int = 0) -> Any:
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


@pytest.fixture
def withdrawn(tmp_path, settings, monkeypatch) -> str:
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    firm = stage.firm()
    given = stage.consent(firm, stage.case(firm, stage.bank())).id
    grants.withdraw(given, actor=firm.owner.actor, as_of=stage.NOW)
    assert duties.owe(given, as_of=stage.NOW)
    return str(given)


def test_what_is_owed_is_listed_and_what_is_late_apart(withdrawn: str):
    (owed,) = says(consent.command, "owed")
    assert (owed["consent"], owed["overdue"]) == (
        withdrawn,
        timezone.localdate() > stage.TODAY + timedelta(15),
    )
    assert says(consent.command, "owed", "--all") == [owed]
    assert says(consent.command, "owed", "--overdue") == ([owed] if owed["overdue"] else [])


def test_an_alarm_is_listed_and_acknowledged_once(withdrawn: str):
    assert says(alarms.command) == []
    assert duties.follow(as_of=stage.NOW + timedelta(days=16)) == 1
    sequencer.integrate()
    assert governance.follow(as_of=timezone.now()) == 1
    (alarm,) = says(alarms.command)
    assert alarm["about"]["consent"] == withdrawn
    seen = says(alarms.command, "acknowledge", alarm["alarm"], "--note", "已督促")
    assert seen["acknowledged_by"].endswith("@operator")
    assert says(alarms.command) == []
    assert [one["note"] for one in says(alarms.command, "--all")] == ["已督促"]
    refusal = says(alarms.command, "acknowledge", alarm["alarm"], "--note", "x", status=2)
    assert refusal["code"] == "already_acknowledged"


def test_the_worker_sees_to_it_unasked(withdrawn: str):
    names = {duty.name for duty in worker.duties()}
    assert {"deletion owed for ended consents", "deletion receipts that are due", "alarms"} <= names
