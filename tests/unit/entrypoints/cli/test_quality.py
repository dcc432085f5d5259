"""`rongxin quality` as an operator meets it: a table, the sheet as JSON, a report to hand out."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import quality
from rongxin.parties import seed
from rongxin.sharing.aggregation import batches
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)
CLERK = Actor(ActorKind.ACCOUNT, "clerk", "provider:customs")
HEAD = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志"


def _run(*words):
    return CliRunner().invoke(quality.command, [str(word) for word in words])


@pytest.fixture(autouse=True)
def handed_in(tmp_path):
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    row = f"云州某厂（虚构）,{stage.code()},9901000001,进出口货物收发货人,正常"
    (tmp_path / "file.csv").write_text(f"{HEAD}\n{row}\n{row}\n")
    batches.submit(
        tmp_path / "file.csv",
        item="customs_registration",
        provider="customs",
        actor=CLERK,
        as_of=timezone.now(),
    )


def test_it_prints_a_table_of_all_providers():
    result = _run("show")
    assert result.exit_code == 0, result.output
    line = next(line for line in result.stdout.splitlines() if "海关注册信息" in line)
    assert line.split()[2:] == ["2", "1", "0", "0", "1", "100.0%", "100.0%", "—"]
    assert "税务部门 · 纳税信用等级信息：未接入" in result.stdout


def test_it_gives_one_providers_sheet_as_json():
    sheet = json.loads(_run("show", "--provider", "customs", "--json").stdout)
    assert sheet["totals"]["rows"]["duplicate"] == 1
    assert sheet["lines"][0]["duplicate_by"] == [
        {"rule": "duplicate_in_file", "label": "本文件内重复", "rows": 1}
    ]
    empty = json.loads(_run("show", "--month", "2020-02", "--json").stdout)
    assert (empty["lines"], empty["totals"]["rows"]["read"]) == ([], 0)


def test_it_writes_the_monthly_report(tmp_path):
    out = tmp_path / "report.pdf"
    result = _run("report", "--provider", "customs", "--out", out)
    assert result.exit_code == 0, result.output
    assert out.read_bytes().startswith(b"%PDF-")
    assert str(out) in result.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [(("show", "--provider", "nobody"), "unknown_party"), (("show", "--month", "10月"), "bad_month")],
)
def test_what_it_cannot_do_it_says_in_one_line(words, code):
    result = _run(*words)
    assert result.exit_code == 1
    assert f"[{code}]" in result.output
    assert "Traceback" not in result.output


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    result = _run("report", "--provider", "customs", "--out", tmp_path / "no" / "report.pdf")
    assert result.exit_code == 1
    assert "无法写入" in result.output
