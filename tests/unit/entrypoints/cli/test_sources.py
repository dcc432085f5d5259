"""`rongxin sources` as an operator meets it: looked at before anybody is asked for an item."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import intake, sources
from rongxin.parties import seed
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.sharing.conftest import code
from tests.unit.sharing.desk_stage import HONOUR

pytestmark = pytest.mark.django_db(transaction=True)
ITEM = "honours"


def _says(command, *arguments, status=0):
    result = CliRunner().invoke(command, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def node(tmp_path, settings, monkeypatch):
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)


def test_a_source_is_admitted_given_a_level_and_shown_with_what_it_shares(tmp_path):
    _says(sources.command, "admit", "national_platform", "--name", "全国平台", "--item", ITEM)
    refused = _says(
        sources.command, "admit", "national_platform", "--name", "全国平台", "--item", ITEM, status=2
    )
    assert refused["code"] == "already_known"
    assert _says(sources.command, "set-level", "national_platform", "national")["version"] == 1
    path = tmp_path / "honours.csv"
    path.write_text(f"{','.join(HONOUR)}\n云州公司,{code(1)},先进企业,2026-01-05,云州市政府\n", "utf-8")
    given = ("submit", path, "--item", ITEM, "--provider")
    national = _says(intake.command, *given, "national_platform")
    local = _says(intake.command, *given, "development_reform_commission")
    assert (local["accepted"], local["duplicate"]) == (0, 1)
    assert local["known"][0]["batch"] == national["batch"]
    (row,) = _says(intake.command, "known", local["batch"])
    assert (row["line"], row["held_provider"]) == (2, "national_platform")
    first, second = _says(sources.command, "show", ITEM)
    assert (first["provider"], first["level"], first["last_batch"]) == (
        "national_platform",
        "national",
        national["batch"],
    )
    assert (second["provider"], second["level_label"]) == ("development_reform_commission", "市县")


def test_a_provider_is_told_whose_firms_it_speaks_of():
    given = ("--name", "县平台", "--item", ITEM, "--region", "990101", "--kind", "company")
    made = _says(sources.command, "admit", "county_platform", *given)
    assert (made["regions"], made["subject_kinds"]) == (["990101"], ["company"])
    wider = _says(sources.command, "set-remit", "county_platform", "--region", "990000")
    assert (wider["regions"], wider["subject_kinds"]) == (["990000"], [])
    assert _says(sources.command, "set-remit", "county_platform")["regions"] == []
    refused = _says(sources.command, "set-remit", "county_platform", "--region", "123", status=2)
    assert "123" in refused["what"]


def test_an_unknown_item_or_provider_is_refused_in_words():
    result = CliRunner().invoke(sources.command, ["show", "no_such_item"])
    assert result.exit_code == 1
    assert "no_such_item" in result.stderr
    assert _says(sources.command, "set-level", "nobody", "city", status=2)["code"] == "unknown_provider"
