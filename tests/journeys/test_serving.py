"""A node that serves: web processes that keep their answers apart, a worker that comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def _serving(var: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """`rongxin serve` on the tests' database; what it says goes to var/log."""
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    environment = {**os.environ, "DATABASE_URL": url, "RONGXIN_VAR": str(var), "RONGXIN_MODE": "demo"}
    command = [sys.executable, "-m", "rongxin", "serve", "--port", "0", *options]
    with (var / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
    try:
        _until(lambda: (var / "demo" / "addresses.json").exists() or process.poll() is not None)
        yield process
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    with _serving(tmp_path, "--without-worker", "--workers", "2"):
        yield json.loads((tmp_path / "demo" / "addresses.json").read_text())["web"]


def _until(happened: Callable[[], object]) -> None:
    """Wait for what must come; how long it takes is no matter."""
    deadline = time.monotonic() + 120
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert happened()


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


def _wait_until_it_answers(web: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{web}livez", timeout=60).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


def test_two_web_processes_under_load_answer_every_request_right(web: str) -> None:
    _wait_until_it_answers(web)
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: _ready(web), range(200)))
    # One address for all: the owner's, and readyz says so.
    ready = {"status": "ok", "database": "ok", "rights": "undivided", "journal": "current"}
    assert answers == [ready] * 200


def test_a_worker_that_was_killed_is_told_of_and_another_one_comes(tmp_path: Path) -> None:
    with _serving(tmp_path, "--workers", "1") as process:
        _until(lambda: _workers(process.pid))
        (first,) = _workers(process.pid)
        os.kill(first, signal.SIGKILL)
        _until(lambda: _workers(process.pid) - {first})
        (second,) = _workers(process.pid)
        assert not Path(f"/proc/{first}").exists()
    told = [line for line in (tmp_path / "log").read_text().splitlines() if "worker ended" in line]
    assert len(told) == 1, told
    assert "SIGKILL" in told[0]
    assert process.returncode == 0
    assert not Path(f"/proc/{second}").exists()


def test_ctrl_c_ends_the_worker_with_the_server_and_says_nothing_of_a_restart(tmp_path: Path) -> None:
    with _serving(tmp_path, "--workers", "1") as process:
        _until(lambda: "worker ready" in (tmp_path / "log").read_text())
        workers = _workers(process.pid)
        for interrupted in (process.pid, *(w for w in workers if os.getpgid(w) == os.getpgid(process.pid))):
            os.kill(interrupted, signal.SIGINT)  # as a terminal does to all of the group in front
        process.wait(120)
    assert workers
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert "worker ended" not in (tmp_path / "log").read_text()
