"""Where memory ends, a line says so and what to do, and nothing half written is left: really run out of."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optbinning", reason="the extra rongxin[fit] isn't installed")

from rongxin.evaluation.fitting import card
from tests.unit.evaluation.fitting import invented

#: Python starts with these; the libraries that read tables then run out of them, each in a way of its own.
MIBS = (150, 250, 400, 600)
STEPS = [{"points": 1, "below": 15.0}, {"points": 9, "below": None}]
RARE = {"missing": {"points": 0}, "unknown": {"points": 0}}


def _run(folder: Path, mib: int, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command as somebody would, in a process that may have so much memory."""
    return subprocess.run(
        [sys.executable, "-m", "rongxin", "evaluate", *map(str, words)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (mib << 20, mib << 20)),
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def _told(done: subprocess.CompletedProcess[str], *said: str) -> None:
    assert done.returncode == 1, done.stderr[-600:]
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    for word in ("Error: loans.csv", "内存不足", "没有写出结果", "out of memory", "Raise the bound", *said):
        assert word in last, last
    assert "[too_little_memory]" in last


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Loans, a card for them, and scores of yesterday."""
    invented.written(invented.borrowers(300), tmp_path / "loans.csv")
    made = {
        "target": {"column": "default", "bad": "1", "good": "0"},
        "method": "by hand",
        "scale": {"base": 500},
        "columns": [{"name": "years", "kind": "number", "bins": STEPS, **RARE}],
    }
    card.write(card.seal(card.Card.model_validate(made)), tmp_path / "card.json")
    (tmp_path / "s.csv").write_text("yesterday's")
    return tmp_path


@pytest.mark.parametrize("mib", MIBS)
def test_scoring_without_memory_says_so_and_leaves_what_was_there(mib: int, folder: Path) -> None:
    before = sorted(folder.iterdir())
    done = _run(folder, mib, "score", "loans.csv", "--card", "card.json", "--out", "s.csv")
    _told(done, f"{mib} MiB (ulimit -v)", "打分", "1 GiB")
    assert sorted(folder.iterdir()) == before
    assert (folder / "s.csv").read_text() == "yesterday's"


@pytest.mark.parametrize("mib", MIBS[:2])
def test_fitting_without_memory_says_so_and_leaves_no_card(mib: int, folder: Path) -> None:
    before = sorted(folder.iterdir())
    done = _run(folder, mib, "fit", "loans.csv", "--target", "default", "--out", "new.json")
    _told(done, f"{mib} MiB (ulimit -v)", "拟合", "4 GiB")
    assert sorted(folder.iterdir()) == before


def test_a_half_written_file_goes_with_the_process_that_wrote_it(folder: Path) -> None:
    """The part that a killed process left is cleared up by the one that started it."""
    (folder / ".s.csv.part").write_text("half")
    _told(_run(folder, MIBS[0], "score", "loans.csv", "--card", "card.json", "--out", "s.csv"))
    assert not (folder / ".s.csv.part").exists()


def test_with_memory_the_same_command_writes_and_says_what_it_did(folder: Path) -> None:
    done = _run(folder, 16_000, "score", "loans.csv", "--card", "card.json", "--out", "s.csv")
    assert (done.returncode, done.stdout) == (0, "300 行已打分 rows scored: s.csv\n"), done.stderr
    assert (folder / "s.csv").read_text().startswith("score\n")
    wrong = _run(folder, 16_000, "score", "none.csv", "--card", "card.json", "--out", "s.csv")
    assert (wrong.returncode, "none.csv: no such file" in wrong.stderr) == (1, True)
