"""`rongxin city generate`: lines of progress on stderr, one JSON document on stdout."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from rongxin.entrypoints.cli import city


def test_it_builds_a_city_and_prints_what_it_built(tmp_path: Path) -> None:
    out = tmp_path / "city"

    result = CliRunner().invoke(
        city.command,
        ["generate", "--subjects", "40", "--seed", "2", "--processes", "2", "--out", str(out)],
    )

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["subjects"] == 40
    assert "city: 40 of 40 subjects" in result.stderr
    assert (out / "manifest.json").exists()


def test_it_says_what_to_do_where_the_directory_is_full(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    result = CliRunner().invoke(city.command, ["generate", "--subjects", "40", "--out", str(tmp_path)])

    assert result.exit_code == 1
    assert "name a new directory" in result.stderr
