"""`rongxin move` as an operator meets it: a key, out, in, and what the exit status says."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli import move
from tests.unit.delivery.moving import old_platform, stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def node(tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    stage.empty()


def says(*arguments: object, status: int = 0):
    result = CliRunner().invoke(move.command, [str(one) for one in arguments])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def test_an_operator_moves_a_platform_in_and_out_again(tmp_path):
    firms = old_platform.codes()
    directory = old_platform.platform(tmp_path / "old", firms).says()
    rehearsed = says("in", directory, "--dry-run")
    assert (rehearsed["dry_run"], rehearsed["whole"]) == (True, True)
    report = says("in", directory)
    assert [one["taken"] for one in report["files"]] == [1, 1, 6, 1, 8]
    key = says("key", tmp_path / "key")
    done = says("out", tmp_path / "new", "--to", key["public"])
    assert done["files"]["subjects.jsonl"] == 6
    assert done["files"]["records/administrative_penalty.jsonl"] == 8
    again = says("in", tmp_path / "new", "--key", key["private"])
    assert {one["file"]: one["already_there"] for one in again["files"]}["subjects.jsonl"] == 6
    assert (
        says("out", tmp_path / "new", "--to", key["public"], status=move.REFUSED)["code"] == "move_unreadable"
    )


def test_what_stays_behind_by_design_is_named_and_no_fault(tmp_path):
    firms = old_platform.codes()
    ended = old_platform.consent(firms[0]) | {"status": "revoked"}
    role = {"party_kind": "operator", "party": "", "role": "system_administrator", "valid_from": "2026-01-01"}
    operator = {"username": "root", "display_name": "某甲", "kind": "person", "roles": [role]}
    gone = {"username": "gone", "display_name": "某乙", "kind": "person", "is_active": False}
    old = old_platform.platform(tmp_path / "old", firms, ended)
    directory = old.rows("people.jsonl", "accounts", operator, gone).says()
    for _ in range(2):  # the report that was kept says the same
        report = says("in", directory)
        files = {one["file"]: one for one in report["files"]}
        named = {name: [row["code"] for row in one["not_moved_rows"]] for name, one in files.items()}
        assert named["people.jsonl"] == ["role_not_moved", "inactive"]
        assert named["consents.jsonl"] == ["not_active"]
        assert report["whole"]
        assert all(one["agrees"] for one in files.values())


def test_it_exits_as_not_whole_where_a_row_was_refused(tmp_path):
    directory = (
        stage.Platform(tmp_path / "old").rows("s.jsonl", "subjects", {"uscc": "91", "name": "甲"}).says()
    )
    report = says("in", directory, status=move.NOT_WHOLE)
    assert (report["whole"], report["files"][0]["refusals"][0]["code"]) == (False, "invalid_uscc")


def test_it_says_what_keeps_it_from_beginning(tmp_path):
    (tmp_path / "none").mkdir()
    assert "manifest.json" in says("in", tmp_path / "none", status=move.REFUSED)["what"]
    directory = stage.Platform(tmp_path / "old").says(format="other")
    assert "format" in says("in", directory, status=move.REFUSED)["what"]
    (tmp_path / "public").write_text("x")
    refused = says("out", tmp_path / "new", "--to", tmp_path / "public", status=move.REFUSED)
    assert refused["code"] == "move_key_needed"
    says("key", tmp_path / "key")
    result = CliRunner().invoke(move.command, ["key", str(tmp_path / "key")])
    assert (result.exit_code, "未能写入密钥" in result.output) == (1, True)
