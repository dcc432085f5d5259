"""What a command that needs the database does first: find or start it, set Django up, update its tables."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

import click

from rongxin.postgres import shared
from rongxin.postgres.errors import LauncherError

Purpose = Literal["demo", "bench", "test"]


@dataclass(frozen=True)
class Node:
    """A node that can be used: its working directory and the address of its database."""

    var: Path
    database_url: str
    embedded: bool


@contextmanager
def running(
    purpose: Purpose = "demo", *, progress: bool = True, must_be_empty: bool = False
) -> Iterator[Node]:
    """Have the database running and Django set up inside the `with` block.

    Without DATABASE_URL the embedded PostgreSQL of `RONGXIN_VAR/<purpose>/postgres` is started, or joined if
    another command runs it; whoever leaves last stops it. `must_be_empty` refuses a DATABASE_URL whose
    database holds any table (the demo never mixes its invented city with somebody's data).
    """
    var = Path(os.environ.get("RONGXIN_VAR", Path.cwd() / "var")).resolve()
    os.environ["RONGXIN_VAR"] = str(var)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
    if os.environ.get("DATABASE_URL") or os.environ.get("RONGXIN_MODE") == "production":
        _set_up(progress=progress, must_be_empty=must_be_empty)
        yield Node(var, os.environ["DATABASE_URL"], embedded=False)
        return
    _leave_in_order()
    membership = _join(var / purpose / "postgres", purpose, progress=progress)
    os.environ["DATABASE_URL"] = membership.url()
    try:
        _set_up(progress=progress, must_be_empty=False)
        yield Node(var, os.environ["DATABASE_URL"], embedded=True)
    finally:
        disconnect()
        os.environ.pop("DATABASE_URL", None)
        membership.leave()


def _join(directory: Path, purpose: Purpose, *, progress: bool) -> shared.Membership:
    began = time.monotonic()
    try:
        membership = shared.join(directory, purpose)
    except LauncherError as error:
        raise click.ClickException(f"数据库未能启动 database: {error}") from error
    if progress:
        seconds = time.monotonic() - began
        say(f"数据库就绪 PostgreSQL {membership.state.version} ready ({seconds:.1f} s)")
    return membership


def _leave_in_order() -> None:
    """A terminal that closes or a polite kill ends the command like Ctrl-C: nothing is left running."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _raise_exit)


def _raise_exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _set_up(*, progress: bool, must_be_empty: bool) -> None:
    import django
    import psycopg
    from django.core.checks import Tags, run_checks
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        raise click.ClickException(str(error)) from error
    from django.db import connection
    from django.db.utils import OperationalError

    try:
        # Not by the pool: it would keep trying for half a minute before it says a word.
        psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=10).close()
        if must_be_empty and connection.introspection.table_names():
            raise click.ClickException(
                "DATABASE_URL 指向的数据库不是空的，演示只写入自己的数据库："
                "请新建一个空库，或取消 DATABASE_URL 以使用内置数据库 "
                "DATABASE_URL names a database that isn't empty: the demo fills one of its own; "
                "create an empty database, or unset DATABASE_URL to use the embedded one"
            )
        for refusal in run_checks(tags=[Tags.database], databases=["default"]):
            raise click.ClickException(str(refusal.msg))
        _migrate(progress=progress)
    except (OperationalError, psycopg.OperationalError) as error:
        raise click.ClickException(f"DATABASE_URL: {' '.join(str(error).split())}") from error


def _migrate(*, progress: bool) -> None:
    """Bring the tables up to date; of several processes that come at once, one does it."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    def outstanding() -> int:
        executor = MigrationExecutor(connection)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))

    if not outstanding():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('rongxin.migrate'))")
        try:
            count = outstanding()
            if count and progress:
                say(f"建立数据表 creating tables ({count} migrations)")
            if count:
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('rongxin.migrate'))")


def disconnect() -> None:
    """Close every connection this process holds, the pool's too."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()


def say(line: str) -> None:
    """Tell the person at the terminal; standard output belongs to the command's result."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
