"""`rongxin catalogue`: one JSON document on stdout, faults with their places, a current page."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from rongxin.catalogue import export, loader
from rongxin.entrypoints.cli.catalogue import command


def test_export_prints_one_document_on_stdout_and_progress_elsewhere() -> None:
    result = CliRunner().invoke(command, ["export", "--format", "json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == export.document()
    assert "items" in result.stderr


def test_check_passes_on_our_own_items() -> None:
    result = CliRunner().invoke(command, ["check"])
    assert result.exit_code == 0
    assert f"{len(loader.load().items)} 个信息项" in result.stdout


def test_check_names_each_fault_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "03_tax").mkdir()
    (file,) = loader.ITEMS.rglob("tax_arrears.yaml")
    (tmp_path / "03_tax" / file.name).write_text(
        file.read_text("utf-8").replace("version:", "versoin:"), "utf-8"
    )
    result = CliRunner().invoke(command, ["check", str(tmp_path)])
    assert result.exit_code == 1
    assert "03_tax/tax_arrears.yaml:" in result.stderr
    assert "versoin" in result.stderr


def test_show_lists_items_shows_one_and_helps_with_a_typo() -> None:
    runner = CliRunner()
    assert "administrative_permit" in runner.invoke(command, ["show"]).stdout
    assert json.loads(runner.invoke(command, ["show", "honours"]).stdout)["label"] == "荣誉表彰"
    assert json.loads(runner.invoke(command, ["show", "honours", "--schema"]).stdout)["type"] == "object"
    mistyped = runner.invoke(command, ["show", "honour"])
    assert mistyped.exit_code == 1
    assert "honours" in mistyped.stderr


def test_docs_writes_the_page_once_and_check_notices_what_is_not_current(tmp_path: Path) -> None:
    runner, page = CliRunner(), tmp_path / "reference" / "catalogue.md"
    arguments = ["docs", "--output", str(page)]
    assert runner.invoke(command, [*arguments, "--check"]).exit_code == 1
    assert "written" in runner.invoke(command, arguments).stdout
    assert "unchanged" in runner.invoke(command, arguments).stdout
    assert runner.invoke(command, [*arguments, "--check"]).exit_code == 0
    page.write_text(page.read_text("utf-8") + "edited by hand", "utf-8")
    assert runner.invoke(command, [*arguments, "--check"]).exit_code == 1
