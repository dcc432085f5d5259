"""A pytest plugin: tests without DATABASE_URL get a throw-away PostgreSQL of their own.

It is loaded early (`-p` in pyproject.toml) because Django's settings read the address when they are imported.
The process that starts the run starts the server; xdist's workers inherit the address, and each has its own
`test_…` database in it. With DATABASE_URL set, only databases called `test_…` are created and dropped there.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from rongxin.postgres import shared
from rongxin.postgres.errors import LauncherError

MEMBERSHIPS: list[shared.Membership] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Set the environment of the tests before pytest-django imports the settings."""
    _prepare(early_config.rootpath)
    yield


def _prepare(root: Path) -> None:
    os.environ.setdefault("RONGXIN_MODE", "test")
    os.environ.setdefault("RONGXIN_TEST_DB", f"test_rongxin_{os.getpid()}")
    if not os.environ["RONGXIN_TEST_DB"].startswith("test_"):
        raise SystemExit("RONGXIN_TEST_DB: tests drop this database, so its name must begin with test_")
    if os.environ.get("DATABASE_URL"):
        return
    var = Path(os.environ.get("RONGXIN_VAR", root / "var")).resolve()
    try:
        MEMBERSHIPS.append(shared.join(var / "test" / "postgres", "test"))
    except LauncherError as error:
        raise SystemExit(f"tests need a database: {error}") from error
    os.environ["DATABASE_URL"] = MEMBERSHIPS[-1].url("postgres")


def pytest_unconfigure() -> None:
    """Stop the server when this run was its last user."""
    while MEMBERSHIPS:
        MEMBERSHIPS.pop().leave()
        os.environ.pop("DATABASE_URL", None)
