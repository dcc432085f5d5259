"""Where memory ends, a line says so and what to do, and nothing half written is left: really run out of."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optbinning", reason="the extra rongxin[fit] isn't installed")

from rongxin.evaluation.fitting import card
from tests.unit.evaluation.fitting import invented

#: Python starts with these; the libraries that read tables would abort, fail in odd places or wait for ever.
MIBS = (150, 400)
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


@pytest.mark.parametrize("mib", MIBS)
def test_fitting_without_memory_says_so_and_leaves_no_card(mib: int, folder: Path) -> None:
    before = sorted(folder.iterdir())
    done = _run(folder, mib, "fit", "loans.csv", "--target", "default", "--out", "new.json")
    _told(done, f"{mib} MiB (ulimit -v)", "拟合", "4 GiB")
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "words",
    [("score", "--card", "card.json", "--out", "s.csv"), ("fit", "--target", "default", "--out", "new.json")],
    ids=["score", "fit"],
)
def test_what_it_asks_for_is_enough_and_less_is_not_tried(words: tuple[str, ...], folder: Path) -> None:
    task, *options = words
    last = _run(folder, MIBS[1], task, "loans.csv", *options).stderr.strip().splitlines()[-1]
    asked = re.search(r"ulimit -v has to be (\d+) MiB", last)
    assert asked, last
    _told(_run(folder, int(asked[1]) - 1, task, "loans.csv", *options))
    done = _run(folder, int(asked[1]), task, "loans.csv", *options)
    assert done.returncode == 0, done.stderr[-600:]


#: How libraries end a process where memory ends, each in one that may have 6 GiB of addresses.
ENDS = {
    "an allocation that aborts": "import polars; polars.repeat(1, 1 << 30, dtype=polars.Int64, eager=True)",
    "an error of memory": "bytearray(1 << 33)",
    "a signal": "import os; os.kill(os.getpid(), 9)",
    "an exit of its own": "import os; os.write(2, b'giving up: memory allocation'); os._exit(1)",
}
RUN = """
import sys
from pathlib import Path
from rongxin.entrypoints.cli import apart

NEEDED = eval(sys.argv[2])

def work():
    Path("half").write_text("half")
    print("began", file=sys.stderr)
    exec(sys.argv[1])

try:
    halves = [Path("half")]
    apart.run(work, needed=NEEDED, halves=halves, short=lambda bound: MemoryError(f"short of {bound}"))
except MemoryError as error:
    print(error)
"""


@pytest.mark.parametrize("end", ENDS)
def test_however_a_process_ends_for_want_of_memory_it_is_told_and_cleared_up(
    end: str, tmp_path: Path
) -> None:
    bound = (6 << 30, 6 << 30)
    done = subprocess.run(
        [sys.executable, "-c", RUN, ENDS[end], "{}"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, bound),
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout == "short of 6144 MiB (ulimit -v)\n", (done.stdout, done.stderr[-600:])
    assert done.stderr == "began\n"
    assert not (tmp_path / "half").exists()


@pytest.mark.parametrize("lacking", [0, 1], ids=["enough", "a byte too little"])
@pytest.mark.parametrize(
    ("name", "which"), [("ulimit -v", resource.RLIMIT_AS), ("ulimit -d", resource.RLIMIT_DATA)]
)
def test_below_what_is_needed_nothing_is_begun(name: str, which: int, lacking: int, tmp_path: Path) -> None:
    most = 3 << 30
    needed = repr({name: most + lacking, "a bound that nobody set": 1 << 60})
    done = subprocess.run(
        [sys.executable, "-c", RUN, "", needed],
        preexec_fn=lambda: resource.setrlimit(which, (most, most)),
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    begun = ("", "began\n", True)
    refused = (f"short of 3072 MiB ({name})\n", "", False)
    assert (done.stdout, done.stderr, (tmp_path / "half").exists()) == (refused if lacking else begun)


def test_another_failure_is_shown_as_it_is(tmp_path: Path) -> None:
    words = [sys.executable, "-c", RUN, "raise KeyError('a fault of ours')", "{}"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "KeyError: 'a fault of ours'" in done.stderr
    assert "report it" in done.stderr


def test_with_memory_the_same_command_writes_and_says_what_it_did(folder: Path) -> None:
    done = _run(folder, 16_000, "score", "loans.csv", "--card", "card.json", "--out", "s.csv")
    assert (done.returncode, done.stdout) == (0, "300 行已打分 rows scored: s.csv\n"), done.stderr
    assert (folder / "s.csv").read_text().startswith("score\n")
    wrong = _run(folder, 16_000, "score", "none.csv", "--card", "card.json", "--out", "s.csv")
    assert (wrong.returncode, "none.csv: 没有这个文件" in wrong.stderr) == (1, True)
