"""However the demo ends, none of the processes that it started is left behind."""

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
