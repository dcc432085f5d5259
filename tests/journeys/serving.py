"""`rongxin serve` on the tests' database, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


@contextmanager
def node(var: Path, *options: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """`rongxin serve` on the tests' database; what it says goes to var/log."""
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    environment = {**os.environ, "DATABASE_URL": url, "RONGXIN_VAR": str(var), "RONGXIN_MODE": "demo"}
    environment |= more
    command = [sys.executable, "-m", "rongxin", "serve", "--port", "0", *options]
    with (var / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
    try:
        until(lambda: (var / "demo" / "addresses.json").exists() or process.poll() is not None)
        yield process
    finally:
        process.terminate()
        process.wait(60)


def until(happened: Callable[[], object], *, seconds: float = 120) -> None:
    """Wait for what must come; how long it takes is no matter."""
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert happened()


def wait_until_it_answers(web: str, headers: Mapping[str, str] | None = None) -> None:
    asked = urllib.request.Request(f"{web}livez", headers=dict(headers or {}))

    def answers() -> bool:
        try:
            urllib.request.urlopen(asked, timeout=60).close()
        except OSError:
            return False
        return True

    until(answers)
