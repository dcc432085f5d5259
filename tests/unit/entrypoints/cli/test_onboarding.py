"""`rongxin onboarding` and `rongxin institution` as the operator's people meet them, by their own keys."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from django.utils import timezone

from rongxin.entrypoints.cli import answers, institution
from rongxin.entrypoints.cli import onboarding as cli
from rongxin.governance.conditions import fulfilment
from rongxin.governance.onboarding import door
from rongxin.governance.watching import incidents
from rongxin.governance.watching.rules import Finding, Rule, State
from rongxin.parties import institutions, step_ups
from rongxin.parties.quotas import SETTABLE
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.standing import Standing
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.governance.onboarding.test_applications import found, wish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two() -> list[str]:
    people = [stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR) for _ in range(2)]
    return [keys.header_of(someone)["authorization"].removeprefix("Bearer ") for someone in people]


@pytest.fixture(autouse=True)
def var(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))


def says(key: str, command: Any, *arguments: str) -> Any:
    result = CliRunner(env={"RONGXIN_OPERATOR_KEY": key}).invoke(command, list(arguments))
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def fails(key: str, command: Any, *arguments: str, code: int = answers.REFUSED) -> str:
    result = CliRunner(env={"RONGXIN_OPERATOR_KEY": key}).invoke(command, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def findings(path: Path, **changes: Any) -> str:
    written = {
        name: {"verdict": one.verdict.value, "evidence_sha256": one.evidence_sha256}
        for name, one in found().items()
    }
    path.write_text(yaml.safe_dump(written | changes), "utf-8")
    return str(path)


def test_an_application_is_assessed_from_a_file_and_approved_by_another(
    two: list[str], tmp_path: Path
) -> None:
    card, _ = door.apply(wish(), origin="", as_of=stage.NOW)
    (listed,) = says(two[0], cli.command)
    number, file = listed["application"], findings(tmp_path / "found.yaml")
    assert number == str(card.id)
    due = str(timezone.localdate() + timedelta(days=90))
    condition = ("--condition", due, "每季度报送")
    assert says(two[0], cli.command, "assess", number, file, *condition)["state"] == "assessed"
    assert "另一人" in fails(two[0], cli.command, "approve", number)
    assert says(two[1], cli.command, "approve", number)["state"] == "approved"
    assert institutions.get(card.wish.institution).standing is Standing.ACTIVE
    assert says(two[0], cli.command) == []
    told = [{"text": "每季度报送", "due_on": due}]
    assert says(two[0], cli.command, "show", number)["conditions"] == told
    assert [str(one.due_on) for one in fulfilment.of_institution(card.wish.institution)] == [due]


def test_a_file_that_cannot_be_is_refused_with_its_place(two: list[str], tmp_path: Path) -> None:
    card, _ = door.apply(wish(), origin="", as_of=stage.NOW)
    wrong = findings(tmp_path / "found.yaml", more={"verdict": "perhaps", "evidence_sha256": "x"})
    said = fails(two[0], cli.command, "assess", str(card.id), wrong, code=1)
    assert "more.verdict" in said
    assert "more.evidence_sha256" in said
    assert "Traceback" not in said
    declined = says(two[0], cli.command, "decline", str(card.id), "--reason", "材料不全")
    assert declined["state"] == "declined"


def test_a_code_is_demanded_at_once_and_a_confirmed_incident_lifted_by_two(two: list[str]) -> None:
    stage.bank()
    says(two[0], institution.command, "step-up", "bank_a", "王一", "--why", "疑似冒用")
    assert step_ups.is_demanded("bank_a", "王一")
    seen = (stage.NOW, stage.NOW)
    card = incidents.open_incident("bank_a", Finding(Rule.NO_CASES, {}), seen=seen, as_of=stage.NOW)
    assert card is not None
    operator = Actor(ActorKind.ACCOUNT, "7", "operator:")
    incidents.decide(card.id, cleared=False, why="属实", actor=operator, as_of=stage.NOW)
    made = says(two[0], institution.command, "lift", "bank_a", str(card.id), "--why", "已整改")
    assert institutions.get("bank_a").cases_required
    says(two[1], institution.command, "confirm", made["measure"])
    assert not institutions.get("bank_a").cases_required
    assert [one.state for one in incidents.every()] == [State.LIFTED]


def test_every_limit_that_can_be_set_can_be_set_here() -> None:
    assert set(institution._SCOPES) == {scope.value for scope in SETTABLE}
