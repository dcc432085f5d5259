"""`rongxin intake correct|end|withdraw-row|changes` as a clerk meets them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli import intake
from rongxin.vocabulary import uscc

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = "企业名称,统一社会信用代码,行政处罚决定书文号,罚款金额,行政处罚决定日期\n"
OURS = ("--item", "administrative_penalty", "--provider", "development_reform_commission")


def _says(*arguments, status=0):
    result = CliRunner().invoke(intake.command, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


@pytest.fixture
def batch(tmp_path, settings, monkeypatch):
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setenv("RONGXIN_VAR", str(settings.RONGXIN_VAR))
    rows = [f"云州公司,{uscc.compose('91', '990100', f'MA{n:06d}')},{n}号,100,2026-03-01\n" for n in (1, 2)]
    path = tmp_path / "one.csv"
    path.write_text(HEADER + "".join(rows), "utf-8")
    return _says("submit", path, *OURS)["batch"]


def test_a_batch_is_ended_whole(batch):
    corrected = _says("correct", batch, 2, "--set", "罚款金额=150", "--reason", "录入有误")["batch"]
    assert _says("end", batch, "--why", "over", "--reason", "期满")["ended"] == 2
    assert [one["act"] for one in _says("changes", corrected)] == ["end"]
    refused = _says("end", batch, "--why", "over", "--reason", "期满", status=2)
    assert refused["code"] == "nothing_stands"


def test_what_is_done_to_a_whole_batch_says_how_far_it_is(batch):
    def told(*arguments):
        result = CliRunner().invoke(intake.command, [str(part) for part in arguments])
        assert result.exit_code == 0, result.output
        return result.stderr

    assert "rows ended: 2/2" in told("end", batch, "--why", "over", "--reason", "期满")
    assert "batches withdrawn: 1/1" in told("withdraw", batch)


def test_a_row_is_corrected_ended_and_the_changes_are_listed(batch):
    receipt = _says("correct", batch, 2, "--set", "罚款金额=150", "--reason", "录入有误")
    assert (receipt["mode"], receipt["accepted"]) == ("correction", 1)
    assert _says("end", batch, 3, "--why", "over", "--reason", "期满")["why"] == "公示期满"
    assert [change["act"] for change in _says("changes", batch)] == ["end", "correct"]
    assert _says("withdraw", receipt["batch"])["reinstated"] == 1
    assert _says("withdraw-row", batch, 2, "--reason", "误报")["ended"] == "withdrawn"


def test_what_can_not_be_done_is_said_in_one_document(batch):
    refusal = _says("correct", batch, 2, "--set", "罚款金额=贰佰", "--reason", "x", status=2)
    assert (refusal["code"], refusal["where"]) == ("chinese_numerals", "罚款金额")
    assert refusal["what_to_do"]
    assert (
        _says("correct", batch, 9, "--set", "罚款金额=1", "--reason", "x", status=2)["code"] == "row_unknown"
    )
    wrong = CliRunner().invoke(intake.command, ["correct", batch, "2", "--set", "罚款金额", "--reason", "x"])
    assert "列名=新值" in wrong.output
