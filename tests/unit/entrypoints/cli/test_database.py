"""`rongxin database roles` on a database of its own: makes, grants, checks, prints; again and again."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

Command = Callable[..., subprocess.CompletedProcess[str]]
Environment = dict[str, str]
WEB, WORKER = (f"test_cli_{role}_{os.getpid()}" for role in ("web", "worker"))


@pytest.fixture
def admin(django_db_setup: None) -> Iterator[psycopg.Connection[object]]:
    """The owner's connection to an empty database; roles and database go afterwards."""
    place, name = connection.settings_dict, f"test_cli_roles_{os.getpid()}"
    server = {"host": place["HOST"], "user": place["USER"], "port": place["PORT"] or None}
    server = {key: value for key, value in server.items() if value}
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as top:
        top.execute(f"DROP DATABASE IF EXISTS {name}")
        top.execute(f"CREATE DATABASE {name}")
        with psycopg.connect(dbname=name, autocommit=True, **server) as own:
            yield own
            for role in (WEB, WORKER):
                if own.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    own.execute(f"DROP OWNED BY {role}")
                    own.execute(f"DROP ROLE {role}")
        top.execute(f"DROP DATABASE {name}")


@pytest.fixture
def environment(admin: psycopg.Connection[object], tmp_path: Path) -> Environment:
    """The three addresses of a node on the empty database."""
    info = admin.info

    def url(user: str, password: str = "") -> str:
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@/{info.dbname}?host={info.host}&port={info.port}"

    return {
        **os.environ,
        "RONGXIN_MODE": "demo",
        "RONGXIN_VAR": str(tmp_path),
        "DATABASE_URL": url(info.user),
        "RONGXIN_WEB_DATABASE_URL": url(WEB, "geheim"),
        "RONGXIN_WORKER_DATABASE_URL": url(WORKER, "geheim"),
    }


@pytest.fixture
def rongxin(environment: Environment) -> Command:
    """Run a command with the three addresses; a keyword replaces a variable."""

    def run(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "rongxin", *words]
        kept = {name: value for name, value in {**environment, **changes}.items() if value}
        return subprocess.run(command, env=kept, capture_output=True, text=True, check=False)

    return run


def test_it_makes_roles_grants_and_says_so(rongxin: Command, admin: psycopg.Connection[object]) -> None:
    made = rongxin("database", "roles")
    assert made.returncode == 0, made.stderr
    assert f"已建立角色 {WEB}" in made.stdout
    assert f"{WORKER}（worker）权限与声明一致" in made.stdout
    again = rongxin("database", "roles")
    assert (again.returncode, "已建立" in again.stdout) == (0, False)
    (password,) = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [WEB]).fetchone() or (
        "",
    )
    assert str(password).startswith("SCRAM-SHA-256$")


def test_it_checks_without_changing_anything(rongxin: Command, admin: psycopg.Connection[object]) -> None:
    missing = rongxin("database", "roles", "--check")
    assert (missing.returncode, f"没有角色 {WEB}" in missing.stdout) == (1, True), missing.stderr
    rongxin("database", "roles")
    assert rongxin("database", "roles", "--check").returncode == 0
    admin.execute(f"GRANT SELECT ON records_record TO {WEB}")
    told = rongxin("database", "roles", "--check")
    assert told.returncode == 1
    assert f"{WEB}（web）多出 beyond what is declared: SELECT records_record" in told.stdout


def test_an_administrator_gets_the_statements_without_passwords(
    rongxin: Command, admin: psycopg.Connection[object]
) -> None:
    printed = rongxin("database", "roles", "--sql")
    assert printed.returncode == 0, printed.stderr
    assert "geheim" not in printed.stdout
    assert not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [WEB]).fetchone()
    admin.execute(printed.stdout)
    assert rongxin("database", "roles", "--check").returncode == 0


def test_it_asks_for_the_addresses_that_are_missing(rongxin: Command) -> None:
    refused = rongxin("database", "roles", RONGXIN_WEB_DATABASE_URL="")
    assert (refused.returncode, "请先给出 RONGXIN_WEB_DATABASE_URL" in refused.stderr) == (1, True)


def test_a_worker_without_the_owners_address_makes_no_tables(rongxin: Command) -> None:
    assert rongxin("database", "roles").returncode == 0
    alone = rongxin("quality", "show", DATABASE_URL="", RONGXIN_WEB_DATABASE_URL="")
    assert alone.returncode == 0, alone.stderr


def test_tables_that_are_out_of_date_are_the_owners_to_mend(
    rongxin: Command, admin: psycopg.Connection[object]
) -> None:
    assert rongxin("database", "roles").returncode == 0
    admin.execute(
        "DELETE FROM django_migrations WHERE app = 'sharing'"
        " AND name = (SELECT max(name) FROM django_migrations WHERE app = 'sharing')"
    )
    alone = rongxin("quality", "show", DATABASE_URL="", RONGXIN_WEB_DATABASE_URL="")
    assert (alone.returncode, "rongxin database roles" in alone.stderr) == (1, True), alone.stderr


def test_a_role_that_is_missing_is_told_in_a_line(rongxin: Command) -> None:
    refused = rongxin("quality", "show")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("Error: RONGXIN_WORKER_DATABASE_URL: ")
    assert "由 rongxin database roles 建立" in refused.stderr


def test_the_web_serves_with_nothing_but_its_own_address(
    rongxin: Command, environment: Environment, tmp_path: Path
) -> None:
    assert rongxin("database", "roles").returncode == 0
    for name in ("DATABASE_URL", "RONGXIN_WORKER_DATABASE_URL"):
        environment.pop(name)
    command = [sys.executable, "-m", "rongxin", "serve", "--without-worker", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            web = _served(tmp_path / "demo" / "addresses.json", server)
            with urllib.request.urlopen(f"{web}readyz", timeout=60) as answer:
                assert json.load(answer)["rights"] == "declared"
            for _ in range(2):
                urllib.request.urlopen(f"{web}sign-in", timeout=60).close()
        finally:
            server.terminate()
        assert server.stderr is not None
        assert server.stderr.read().count("anybody is believed") == 1


def _served(addresses: Path, server: subprocess.Popen[str]) -> str:
    """Where the server is, once it is; a server that ends instead fails the test."""
    while not addresses.exists():
        assert server.poll() is None, server.stderr
        time.sleep(0.1)
    while True:
        with contextlib.suppress(OSError, ValueError):
            web: str = json.loads(addresses.read_text())["web"]
            urllib.request.urlopen(f"{web}livez", timeout=60).close()
            return web
        assert server.poll() is None, server.stderr
        time.sleep(0.1)
