"""`rongxin rights` as the operator meets it: what waits, by whom, and one act."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from rongxin.entrypoints.cli import rights
from tests.unit.rights import stage
from tests.unit.rights.stage import COURT_LIST, Scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Scene:
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    return stage.opened(tmp_path)


def says(*arguments: str, status: int = 0) -> Any:
    result = CliRunner().invoke(rights.command, list(arguments))
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def test_it_lists_what_waits_and_notes_what_was_carried_on(scene: Scene) -> None:
    number = str(scene.objects(None, item=COURT_LIST, statement="已履行"))
    scene.objects(scene.fined())
    assert {one["provider"] for one in says("objections")} == {"peoples_court", stage.BUREAU}
    (court,) = says("objections", "--provider", "peoples_court")
    assert (court["objection"], court["state"]) == (number, "lodged")
    assert says("forward", number, "--reference", "法函1号")["state"] == "forwarded"
    refused = says("forward", number, "--reference", "法函1号", status=2)
    assert refused["code"] == "objection_not_possible"
    assert says("repairs") == says("corrections") == []
