"""A node with two web processes: no request ever sees what another one's query brought."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    environment = {**os.environ, "DATABASE_URL": url, "RONGXIN_VAR": str(tmp_path), "RONGXIN_MODE": "demo"}
    addresses = tmp_path / "demo" / "addresses.json"
    command = [sys.executable, "-m", "rongxin", "serve", "--port", "0", "--without-worker", "--workers", "2"]
    process = subprocess.Popen(command, env=environment)
    try:
        deadline = time.monotonic() + 60
        while not addresses.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        yield json.loads(addresses.read_text())["web"]
    finally:
        process.terminate()
        process.wait(60)


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
    assert answers == [{"status": "ok", "database": "ok"}] * 200
