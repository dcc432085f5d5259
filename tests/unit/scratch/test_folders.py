"""What a killed process leaves in clear is swept, what another is at work on is not."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rongxin.scratch import folders

AT_WORK = """
import sys, time
from pathlib import Path
from rongxin.scratch import folders

with folders.own(Path(sys.argv[1]), "upload") as folder:
    (folder / "file").write_text("a firm's figures")
    print(folder, flush=True)
    time.sleep(600)
"""
LATER = folders._MAKING_SECONDS + 1


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", AT_WORK, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def _folder(process: subprocess.Popen[str]) -> Path:
    assert process.stdout
    return Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_is_swept(process: subprocess.Popen[str], tmp_path: Path) -> None:
    left = _folder(process)
    process.kill()
    process.wait()
    assert (left / "file").read_text() == "a firm's figures"
    assert folders.sweep(tmp_path, now=time.time() + LATER) == 1
    assert not left.exists()


def test_what_a_process_is_at_work_on_stays(process: subprocess.Popen[str], tmp_path: Path) -> None:
    held = _folder(process)
    assert folders.sweep(tmp_path, now=time.time() + 30 * 86_400) == 0
    assert (held / "file").exists()


def test_a_folder_that_is_about_to_be_held_stays(tmp_path: Path) -> None:
    new = folders.place(tmp_path) / "bulk-new"
    new.mkdir()
    assert folders.sweep(tmp_path, now=time.time()) == 0
    assert folders.sweep(tmp_path, now=time.time() + LATER) == 1
    assert not new.exists()


@pytest.mark.parametrize("end", [None, KeyError])
def test_a_folder_is_nobody_elses_and_gone_with_its_use(end: type[Exception] | None, tmp_path: Path) -> None:
    try:
        with folders.own(tmp_path, "bulk") as folder:
            modes = {f"{path.stat().st_mode & 0o777:o}" for path in (folder, folder.parent)}
            (folder / "answers").write_text("in clear")
            if end:
                raise end
    except KeyError:
        pass
    assert modes == {"700"}
    assert not list((tmp_path / "scratch").iterdir())


def test_without_any_there_is_nothing_to_sweep(tmp_path: Path) -> None:
    assert folders.sweep(tmp_path, now=time.time()) == 0
