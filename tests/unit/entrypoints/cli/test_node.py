"""A command finds or starts its database, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from rongxin.catalogue import loader
from rongxin.postgres import processes

COMMAND = """
import sys
import click
from rongxin.entrypoints.cli import node

@click.command()
def command():
    with node.running(sys.argv.pop(), must_be_empty=True) as running:
        from django.db import connection
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
            print(cursor.fetchone()[0] > 0, running.embedded, flush=True)
            cursor.execute("SELECT count(*) FROM parties_provider")
            print(cursor.fetchone()[0], flush=True)
        sys.stdin.readline()

command(args=[])
"""


def command(var: Path, purpose: str = "demo", **environ: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "RONGXIN_MODE")}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, purpose],
        env={**kept, "RONGXIN_VAR": str(var), **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests below nohup has HUP ignored, and a child would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )


def test_it_starts_fills_and_stops_the_database_by_itself(tmp_path: Path) -> None:
    process = command(tmp_path)
    output, errors = process.communicate("leave\n")
    providers = len(loader.load().providers)  # a department may come on board before the first file
    assert (process.returncode, output) == (0, f"True True\n{providers}\n"), errors
    assert processes.living(tmp_path / "demo" / "postgres" / "data") == set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_it_stops_the_database_when_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    process = command(tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "True True\n"
    process.send_signal(number)
    process.communicate()
    assert process.returncode != 0
    assert processes.living(tmp_path / "demo" / "postgres" / "data") == set()


@pytest.mark.django_db
def test_a_demo_refuses_a_database_with_somebodys_data(tmp_path: Path) -> None:
    """The tests' own database has tables, so the demo must not touch it."""
    settings = connection.settings_dict
    url = f"postgresql:///{settings['NAME']}?host={settings['HOST']}&user={settings['USER']}"
    process = command(tmp_path, DATABASE_URL=url)
    output, errors = process.communicate("leave\n")
    assert (process.returncode, output) == (1, "")
    assert errors.startswith("Error: DATABASE_URL 指向的数据库不是空的")
    assert "isn't empty" in errors
    assert errors.count("\n") == 1


def test_an_address_that_leads_nowhere_is_told_in_a_line(tmp_path: Path) -> None:
    process = command(tmp_path, DATABASE_URL=f"postgresql:///none?host={tmp_path}&user=nobody")
    _, errors = process.communicate("leave\n")
    assert process.returncode == 1
    assert errors.startswith("Error: DATABASE_URL: ")
    assert "Traceback" not in errors


def test_bad_settings_are_told_in_a_line(tmp_path: Path) -> None:
    process = command(tmp_path, DATABASE_URL="mysql://db/name")
    _, errors = process.communicate("leave\n")
    assert (process.returncode, errors.count("\n")) == (1, 1), errors
    assert "only postgresql://" in errors


def test_production_has_no_embedded_database(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    environ = {
        "RONGXIN_SECRET_KEY": "s" * 32,
        "RONGXIN_HOSTS": "credit.example.cn",
        "RONGXIN_ORIGIN": "credit.example.cn/journal",
        "RONGXIN_KEYS": str(keys),
    }
    process = command(tmp_path, RONGXIN_MODE="production", **environ)
    _, errors = process.communicate("leave\n")
    assert process.returncode == 1
    assert "DATABASE_URL: production needs" in errors
    assert not (tmp_path / "demo").exists()
