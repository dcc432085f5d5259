"""The settings of an embedded server."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from rongxin.postgres import tuning

SAFE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@pytest.mark.parametrize("purpose", ["demo", "bench"])
def test_it_asks_for_durability_where_data_counts(purpose: str) -> None:
    assert SAFE.items() <= tuning.settings(purpose, Path("/s")).items()


@pytest.mark.parametrize(("free_mib", "kind"), [(64, "mmap"), (4096, "posix")])
def test_it_avoids_shared_memory_where_that_is_small(
    monkeypatch: pytest.MonkeyPatch, free_mib: int, kind: str
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_frsize=tuning.MIB, f_bavail=free_mib))
    assert tuning.settings("demo", Path("/s"))["dynamic_shared_memory_type"] == kind


def test_it_stays_modest_on_a_small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "_memory_mib", lambda: 512)
    assert tuning.settings("bench", Path("/s"))["shared_buffers"] == "128MB"
    assert tuning.settings("demo", Path("/s"))["shared_buffers"] == "64MB"
