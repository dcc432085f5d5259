"""`rongxin demo` clears only ground that is its own, and only when it can begin."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rongxin.postgres import processes


def environment(var: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "RONGXIN_TEST_DB")}
    return kept | {"RONGXIN_VAR": str(var), "RONGXIN_MODE": "demo"} | more


def rongxin(var: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rongxin", *arguments]
    return subprocess.run(
        command, env=environment(var, **more), capture_output=True, text=True, timeout=300, check=False
    )


def results(var: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (var / "demo").iterdir() if path.is_file()}


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A working directory with what an earlier demo has left."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "summary.json").write_text("{}")
    return tmp_path


@contextmanager
def process(var: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that goes on; what it says goes to var/log."""
    command = [sys.executable, "-m", "rongxin", *arguments]
    with (var / "log").open("wb") as log:
        running = subprocess.Popen(command, env=environment(var), stderr=log)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(120)
    assert processes.living(var / "demo" / "postgres" / "data") == set()


def until(happened: Callable[[], bool], running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while not happened():
        assert running.poll() is None, running.args
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Path]:
    """The working directory of a demo that has played its story and goes on serving."""
    with process(tmp_path, "demo", "--subjects", "32", "--port", "0") as demo:
        until(lambda: "serving, Ctrl-C stops" in (tmp_path / "log").read_text(), demo)
        yield tmp_path


def test_a_second_demo_leaves_the_ground_to_the_one_that_serves(serving: Path) -> None:
    before = results(serving)
    web = json.loads(before["addresses.json"])["web"]
    done = rongxin(serving, "demo", "--exit", "--subjects", "32", "--port", "0")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("Error: 演示正在")
    assert "a demo is running" in done.stderr
    assert web in done.stderr
    assert results(serving) == before
    with urllib.request.urlopen(f"{web}readyz", timeout=60) as answer:
        ready = json.load(answer)
    # The web of a demo works under its own role, like any node's.
    assert (ready["status"], ready["rights"]) == ("ok", "declared")


def test_a_demo_takes_no_tables_away_from_a_server(earlier: Path) -> None:
    """A bare `rongxin serve` is no demo and holds no lock of one, but works on the same database."""
    with process(earlier, "serve", "--port", "0") as server:
        until(lambda: "worker ready" in (earlier / "log").read_text(), server)
        done = rongxin(earlier, "demo", "--exit", "--subjects", "32", "--port", "0")
    assert (done.returncode, done.stderr.count("\n")) == (1, 2), done.stderr
    assert "Error: 另有 rongxin 命令正在使用" in done.stderr
    assert "another command uses the database" in done.stderr
    assert (earlier / "demo" / "summary.json").read_text() == "{}"


def test_a_database_that_does_not_answer_costs_no_earlier_results(earlier: Path) -> None:
    done = rongxin(earlier, "demo", "--exit", DATABASE_URL=f"postgresql:///none?host={earlier}&user=nobody")
    assert done.returncode == 1
    assert "Error: DATABASE_URL" in done.stderr
    assert results(earlier) == {"summary.json": b"{}"}


def test_a_port_that_is_taken_costs_no_earlier_results(earlier: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = rongxin(earlier, "demo", "--exit", "--subjects", "32", "--port", port)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert f"{port} can't be used" in done.stderr
    assert results(earlier) == {"summary.json": b"{}"}


@pytest.mark.parametrize("subjects", ["-5", "0", "31"])
@pytest.mark.parametrize("command", [("demo", "--exit"), ("city", "generate", "--out", "none")])
def test_a_city_too_small_for_its_stories_is_refused_first(
    earlier: Path, command: tuple[str, ...], subjects: str
) -> None:
    done = rongxin(earlier, *command, "--subjects", subjects)
    assert done.returncode == 2, done.stderr
    assert "x>=32" in done.stderr or "32<=x" in done.stderr  # the generator has an upper bound, too
    assert results(earlier) == {"summary.json": b"{}"}
