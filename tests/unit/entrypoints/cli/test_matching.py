"""`rongxin matching` as a clerk meets it: who waits, whom it may be, decided, taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import main, matching
from rongxin.entrypoints.cli.answers import REFUSED
from rongxin.parties import seed
from rongxin.sharing.aggregation import decisions, desk
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.sharing.conftest import NOW, Bureau, code
from tests.unit.sharing.desk_stage import SECOND, Court, counts, firm, old_code

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "云州蓝鲸物流有限公司"


@pytest.fixture
def court(tmp_path: Path, settings: Settings, transactional_db: None) -> Court:
    settings.RONGXIN_VAR = tmp_path / "var"
    seed.seed(loader.load(), actor=SYSTEM, as_of=NOW)
    firm(1, NAME)
    return Court(Bureau(tmp_path))


def says(*arguments: object, status: int = 0):
    result = CliRunner().invoke(matching.command, [str(one) for one in arguments])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def test_a_clerk_finds_a_row_and_settles_it_with_a_second_person(court: Court) -> None:
    batch = court.lists(("（2026）云01执1号", "云州蓝京物流有限公司", old_code(1)))
    (row,) = says("list", "--item", "dishonest_judgment_debtor")
    assert (row["batch"], row["line"], row["name"]) == (str(batch), 2, "云州蓝京物流有限公司")
    (candidate,) = row["candidates"]
    evidence = {one["what"]: one["how_label"] for one in candidate["evidence"]}
    assert (candidate["uscc"], candidate["name"]) == (code(1), NAME)
    assert (evidence["representative_name"], evidence["old_code"]) == ("一致", "不一致")
    proposed = says("match", batch, 2, code(1), "--reason", "法定代表人一致")
    assert (proposed["state_label"], proposed["outcome"]) == ("待第二人确认", None)
    refused = says("confirm", proposed["decision"], status=REFUSED)
    assert refused["code"] == "second_person_needed"
    shown = says("show", batch, 2)
    assert [one["reason"] for one in shown["decisions"]] == ["法定代表人一致"]
    desk.confirm(decisions.on(batch, 2)[0].id, actor=SECOND, as_of=court.later())
    assert says("list", "--brief") == []
    assert counts(batch) == (1, 0, 0, 0)
    back = says("reverse", proposed["decision"], "--reason", "看错了")
    assert (back["state_label"], counts(batch)) == ("已撤销", (0, 0, 1, 0))


def test_a_clerk_returns_a_row_and_is_told_what_cannot_be(court: Court) -> None:
    batch = court.honours((NAME, "?", "示范企业"), (NAME, "?", "先进集体"))
    returned = says("dismiss", batch, 2, "--reason", "请补报代码", "--return")
    dismissed = says("dismiss", batch, 3, "--reason", "查无此企业")
    assert (returned["verdict_label"], dismissed["verdict_label"]) == ("退回提供单位", "本平台无此主体")
    again = says("match", batch, 2, code(1), status=REFUSED)
    assert again["code"] == "row_not_waiting"
    assert "退回提供单位" in again["what"]
    assert says("match", batch, 9, code(1), status=REFUSED)["code"] == "unknown_row"
    assert says("match", batch, 2, code(7), status=REFUSED)["code"] == "unknown_party"


def test_the_next_page_begins_after_the_last_row(court: Court) -> None:
    batch = court.honours((NAME, "?", "示范企业"), (NAME, "?", "先进集体"))
    assert [row["line"] for row in says("list", "--after", f"{batch}:2", "--brief")] == [3]
    wrong = CliRunner().invoke(matching.command, ["list", "--after", "2"])
    assert wrong.exit_code == REFUSED
    assert "批次:行号" in wrong.output


def test_the_command_is_among_rongxins() -> None:
    help_text = CliRunner().invoke(main.main, ["matching", "--help"]).output
    assert all(word in help_text for word in ("list", "show", "match", "confirm", "dismiss", "reverse"))
