"""A node that serves: web processes that keep their answers apart, a worker that comes back."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.journeys import serving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    with serving.node(tmp_path, "--without-worker", "--workers", "2"):
        yield json.loads((tmp_path / "demo" / "addresses.json").read_text())["web"]


def _workers(serve: int) -> set[int]:
    """The living `rongxin worker` processes that a server has started; a zombie has no command line."""
    found = set()
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((directory / "stat").read_text().rpartition(")")[2].split()[1])
            words = (directory / "cmdline").read_bytes().split(b"\0")
            if parent == serve and b"worker" in words:
                found.add(int(directory.name))
    return found


def _ready(web: str) -> object:
    with urllib.request.urlopen(f"{web}readyz", timeout=60) as response:
        return json.load(response)


def test_two_web_processes_under_load_answer_every_request_right(web: str) -> None:
    serving.wait_until_it_answers(web)
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: _ready(web), range(200)))
    # One address for all: the owner's, and readyz says so.
    ready = {"status": "ok", "database": "ok", "rights": "undivided", "journal": "current"}
    assert answers == [ready] * 200


def test_a_worker_that_was_killed_is_told_of_and_another_one_comes(tmp_path: Path) -> None:
    with serving.node(tmp_path, "--workers", "1") as process:
        serving.until(lambda: _workers(process.pid))
        (first,) = _workers(process.pid)
        os.kill(first, signal.SIGKILL)
        serving.until(lambda: _workers(process.pid) - {first})
        (second,) = _workers(process.pid)
        assert not Path(f"/proc/{first}").exists()
    told = [line for line in (tmp_path / "log").read_text().splitlines() if "worker ended" in line]
    assert len(told) == 1, told
    assert "SIGKILL" in told[0]
    assert process.returncode == 0
    assert not Path(f"/proc/{second}").exists()


def test_ctrl_c_ends_the_worker_with_the_server_and_says_nothing_of_a_restart(tmp_path: Path) -> None:
    with serving.node(tmp_path, "--workers", "1") as process:
        serving.until(lambda: "worker ready" in (tmp_path / "log").read_text())
        workers = _workers(process.pid)
        for interrupted in (process.pid, *(w for w in workers if os.getpgid(w) == os.getpgid(process.pid))):
            os.kill(interrupted, signal.SIGINT)  # as a terminal does to all of the group in front
        process.wait(120)
    assert workers
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert "worker ended" not in (tmp_path / "log").read_text()
