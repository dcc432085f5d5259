"""However the demo or a server ends, none of the processes that it started is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.journeys import serving

pytestmark = pytest.mark.long
GROUP = {"SIGKILL": False, "SIGHUP": True, "SIGTERM": True}


@contextmanager
def gateways(out: Path) -> Iterator[subprocess.Popen[str]]:
    """The process that runs them, in a session of its own as a terminal gives it."""
    command = [sys.executable, "-m", "tests.journeys.gateways_process", str(out)]
    environment = {**os.environ, "RONGXIN_VAR": str(out / "var"), "RONGXIN_MODE": "demo"}
    with (out / "log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, start_new_session=True
        )
    try:
        yield process
    finally:
        for pid in (process.pid, *left(out)):
            put_down(pid)
        process.wait()


def put_down(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def left(out: Path) -> list[int]:
    """The processes that were started with a configuration of this directory, and serve or would."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            said = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:  # gone meanwhile
            continue
        if b"gateway" in said and bytes(out / "providers") in said:
            found.append(int(entry.name))
    return found


def gone(out: Path) -> bool:
    deadline = time.monotonic() + 40
    while left(out) and time.monotonic() < deadline:
        time.sleep(0.2)
    return not left(out)


def ends(process: subprocess.Popen[str], name: str) -> None:
    number = signal.Signals[name]
    if GROUP[name]:
        os.killpg(process.pid, number)
    else:
        os.kill(process.pid, number)
    process.wait(30)


@pytest.mark.parametrize("name", GROUP)
def test_no_gateway_outlives_who_started_it(tmp_path: Path, name: str) -> None:
    with gateways(tmp_path) as process:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        assert len(ports) == 5
        assert httpx.get(f"http://127.0.0.1:{ports[0]}/healthz", trust_env=False).status_code == 200
        assert len(left(tmp_path)) >= len(ports)
        ends(process, name)
        assert gone(tmp_path), left(tmp_path)


@pytest.mark.parametrize("name", GROUP)
def test_nor_one_that_had_not_begun_to_serve(tmp_path: Path, name: str) -> None:
    with gateways(tmp_path) as process:
        while not left(tmp_path):
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.01)
        ends(process, name)
        assert gone(tmp_path), left(tmp_path)


def children(of: int) -> list[int]:
    """The living processes that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            said = (entry / "stat").read_text() if entry.name.isdigit() else ""
        except OSError:  # gone meanwhile
            continue
        state, above, *_ = said.rpartition(")")[2].split() or ["Z", "0"]
        if int(above) == of and state != "Z":
            found.append(int(entry.name))
    return found


def lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.django_db(transaction=True)
def test_no_web_process_outlives_a_server_that_is_killed_alone(tmp_path: Path) -> None:
    with serving.node(tmp_path, "--workers", "2") as server:
        web = json.loads((tmp_path / "demo" / "addresses.json").read_text())["web"]
        serving.wait_until_it_answers(web)
        serving.until(lambda: len(children(server.pid)) >= 3)  # two that answer, and the worker
        theirs = children(server.pid)
        try:
            os.kill(server.pid, signal.SIGKILL)
            server.wait(30)
            serving.until(lambda: not any(map(lives, theirs)), seconds=40)
        finally:
            for pid in filter(lives, theirs):
                put_down(pid)
