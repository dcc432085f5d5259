"""`rongxin mapping` as an operator meets it: draft from the headers, look, save, file, end."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import intake, mapping
from rongxin.parties import seed
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)
OURS = ("--item", "administrative_penalty", "--provider", "development_reform_commission")


def _run(command, *arguments, status=0):
    result = CliRunner().invoke(command, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return result.stdout


def _says(*arguments, status=0):
    return json.loads(_run(mapping.command, *arguments, status=status))


@pytest.fixture
def file(tmp_path, settings, monkeypatch):
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    path = tmp_path / "own.csv"
    row = f"云州公司,{uscc.compose('91', '990100', 'MA000001')},一号,100,2026-03-01,三处\n"
    path.write_text(f"单位名称,信用代码,文号,处罚金额,决定日期,经办处室\n{row}", "utf-8")
    return path


def test_a_draft_is_looked_at_saved_used_and_ended(file, tmp_path):
    draft = tmp_path / "draft.yaml"
    draft.write_text(_run(mapping.command, "suggest", file, *OURS), "utf-8")
    assert "# 未识别的列，报送时将被忽略 unknown column: 经办处室" in draft.read_text("utf-8")
    shown = _says("preview", file, *OURS, "--mapping", draft)
    assert (shown["mapping"], shown["unknown_columns"]) == ("draft", ["经办处室"])
    assert shown["rows"][0]["values"]["企业名称"] == "云州公司"
    assert _says("show") == []
    saved = _says("save", draft, *OURS)
    assert (saved["version"], saved["in_force"]) == (1, True)
    assert _says("preview", file, *OURS)["mapping"] == 1
    receipt = json.loads(_run(intake.command, "submit", file, *OURS))
    assert (receipt["accepted"], receipt["mapping"]) == (1, 1)
    assert json.loads(_run(intake.command, "status", receipt["batch"]))["mapping"] == 1
    assert _says("end", *OURS)["in_force"] is False
    assert [one["version"] for one in _says("show", "--item", "administrative_penalty")] == [2, 1]


def test_what_is_wrong_is_said_in_one_document(file, tmp_path):
    refusal = _says("preview", file, *OURS, status=2)
    assert refusal["code"] == "identifying_column_absent"
    draft = tmp_path / "draft.yaml"
    draft.write_text("columns:\n  单位名称: 企业名字\n", "utf-8")
    refusal = _says("save", draft, *OURS, status=2)
    assert (refusal["code"], refusal["where"]) == ("mapping_invalid", "columns.单位名称")
    assert "是否为 企业名称" in refusal["what"]
    assert _says("end", *OURS, status=2)["code"] == "no_mapping"


def test_a_header_of_two_lines_stays_a_comment_of_the_draft(file):
    file.write_text('单位名称,信用代码,"经办\n处室: x"\n云州公司,无,三处\n', "utf-8")
    draft = yaml.safe_load(_run(mapping.command, "suggest", file, *OURS))
    assert set(draft) == {"columns", "constants"}
    assert set(draft["columns"]) == {"单位名称", "信用代码"}
