"""`rongxin bench NAME` prints one JSON object on the last line, whatever the bench itself prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli import bench

FILE = """
DATABASE = False

def run(parameters):
    print("noise")
    return {"ratio": 0.5, "given": dict(parameters)}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "speed.py").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_prints_the_result_as_the_last_line(project: Path) -> None:
    answer = CliRunner().invoke(bench.command, ["speed", "--live-consents", "1000", "--mode=row"])
    assert answer.exit_code == 0, answer.output
    assert "noise" in answer.stderr
    assert json.loads(answer.stdout) == {
        "bench": "speed",
        "ratio": 0.5,
        "given": {"live_consents": "1000", "mode": "row"},
    }


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["warp"], "there are speed"),
        (["../speed"], "there are speed"),
        (["speed", "fast"], "--key value"),
        (["speed", "--clients"], "--clients needs a value"),
        (["speed", "--clients", "--mode", "row"], "--clients needs a value"),
    ],
)
def test_it_says_what_it_does_not_understand(project: Path, words: list[str], reason: str) -> None:
    answer = CliRunner().invoke(bench.command, words)
    assert answer.exit_code == 1
    assert reason in answer.output
