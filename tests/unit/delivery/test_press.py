"""The render process: it may be killed, hang or fail, and those who ask are answered all the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rongxin.delivery.rendering.press import Press, RenderingFailed
from tests.unit.delivery import factory

REPORT = factory.prepared(factory.release(items=["honours", "tax_payment", "business_licence", "patent"]))


@pytest.fixture
def press():
    press = Press()
    yield press
    press.close()


def _pid(press):
    press.charts({"sections": []} | REPORT)
    return press._process.pid


def test_it_prints_and_draws(press):
    assert press.pdf(REPORT).startswith(b"%PDF-")
    assert isinstance(press.charts(REPORT), list)


def test_a_job_that_fails_is_said_and_the_next_one_is_done(press):
    with pytest.raises(RenderingFailed, match="KeyError"):
        press.pdf({"sections": []})
    assert press.pdf(REPORT).startswith(b"%PDF-")


def test_it_comes_back_after_being_killed_between_jobs(press):
    os.kill(_pid(press), signal.SIGKILL)
    press._process.wait()
    assert press.pdf(REPORT).startswith(b"%PDF-")


def test_a_job_whose_process_is_killed_under_it_fails_and_the_next_one_is_done(press):
    pid = _pid(press)
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
    with pytest.raises(RenderingFailed):
        press.pdf(REPORT)
    assert press.pdf(REPORT).startswith(b"%PDF-")


def test_a_job_that_hangs_is_ended():
    press = Press(job_seconds_max=60)
    try:
        pid = _pid(press)
        press._job_seconds_max = 0.3
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(RenderingFailed):
            press.pdf(REPORT)
        press._job_seconds_max = 60
        assert press.pdf(REPORT).startswith(b"%PDF-")
        assert press._process.pid != pid
    finally:
        press.close()


def test_eight_threads_share_it_and_each_gets_its_own(press):
    reports = [{**REPORT, "report": f"request-{n}"} for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        printed = list(pool.map(press.pdf, reports))
    for number, document in enumerate(printed):
        assert f"request-{number}".encode() in _metadata(document)


def _metadata(document):
    import io

    import pypdf

    return pypdf.PdfReader(io.BytesIO(document)).metadata.subject.encode()


PARENT = """
import json, sys
from rongxin.delivery.rendering.press import Press
press = Press()
press.charts({"sections": [], "summary": {}})
engines = sorted({"altair", "vl_convert", "typst"} & sys.modules.keys())
print(json.dumps({"child": press._process.pid, "engines": engines}), flush=True)
sys.stdin.read()
"""


def test_it_ends_with_its_parent_and_keeps_the_engines_out_of_it():
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        told = json.loads(parent.stdout.readline())
        assert told["engines"] == []
        assert _alive(told["child"])
        parent.kill()
    for _ in range(200):
        if not _alive(told["child"]):
            return
        time.sleep(0.05)
    pytest.fail("the render process outlived its parent")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_render_process_knows_no_secret_of_the_server(monkeypatch):
    monkeypatch.setenv("RONGXIN_KEYS", "/secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    press = Press()
    try:
        environment = Path(f"/proc/{_pid(press)}/environ").read_bytes()
    finally:
        press.close()
    assert b"secret" not in environment
