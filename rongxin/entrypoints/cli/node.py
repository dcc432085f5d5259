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

from rongxin.entrypoints.database.declared import BOUND, VARIABLES, Role
from rongxin.postgres import cluster, shared
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
    purpose: Purpose = "demo",
    *,
    role: Role = Role.WORKER,
    progress: bool = True,
    must_be_empty: bool = False,
) -> Iterator[Node]:
    """Have the database running and Django set up inside the `with` block, connected as `role`.

    Without DATABASE_URL the embedded PostgreSQL of `RONGXIN_VAR/<purpose>/postgres` is started, or joined if
    another command runs it; whoever leaves last stops it. `must_be_empty` refuses a DATABASE_URL whose
    database holds any table (the demo never mixes its invented city with somebody's data). Where the owner's
    address is known, tables are brought up to date as the owner first; a role without an address of its own
    goes on as the owner.
    """
    with _own_files() as var:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
        given = any(os.environ.get(name) for name in VARIABLES.values())
        if given or os.environ.get("RONGXIN_MODE") == "production":
            try:
                _set_up(role, progress=progress, must_be_empty=must_be_empty)
                yield Node(var, os.environ.get("DATABASE_URL", ""), embedded=False)
            finally:
                os.environ.pop("RONGXIN_DATABASE_ROLE", None)
            return
        _leave_in_order()
        membership = _join(var / purpose / "postgres", purpose, progress=progress)
        os.environ["DATABASE_URL"] = membership.url()
        if purpose == "demo":
            for bound in BOUND:
                os.environ[VARIABLES[bound]] = membership.url(user=f"{cluster.ROLE}_{bound}")
        try:
            _set_up(role, progress=progress, must_be_empty=False, embedded=True)
            yield Node(var, membership.url(), embedded=True)
        finally:
            disconnect()
            for name in (*VARIABLES.values(), "RONGXIN_DATABASE_ROLE"):
                os.environ.pop(name, None)
            membership.leave()


@contextmanager
def _own_files() -> Iterator[Path]:
    """Have `RONGXIN_VAR` name one place, wherever the command goes, inside the `with` block."""
    before = os.environ.get("RONGXIN_VAR")
    var = Path(before if before is not None else Path.cwd() / "var").resolve()
    os.environ["RONGXIN_VAR"] = str(var)
    try:
        yield var
    finally:
        if before is None:
            os.environ.pop("RONGXIN_VAR", None)
        else:
            os.environ["RONGXIN_VAR"] = before


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


def _set_up(role: Role, *, progress: bool, must_be_empty: bool, embedded: bool = False) -> None:
    import django
    import psycopg
    from django.core.exceptions import ImproperlyConfigured

    first = Role.OWNER if os.environ.get("DATABASE_URL") else role
    os.environ["RONGXIN_DATABASE_ROLE"] = first
    try:
        django.setup()
    except ImproperlyConfigured as error:
        raise click.ClickException(str(error)) from error
    from django.db.utils import OperationalError

    try:
        _reach(first)
        if must_be_empty:
            _refuse_tables()
        _refuse_unfit()
        _make_tables(may_make=first is Role.OWNER, progress=progress, embedded=embedded)
        if role is not first and os.environ.get(VARIABLES[role]):
            _reach(role)
            from rongxin.entrypoints.database import addresses

            addresses.use(role)
            _refuse_unfit()
    except (OperationalError, psycopg.OperationalError) as error:
        raise click.ClickException(f"DATABASE_URL: {' '.join(str(error).split())}") from error


def _reach(role: Role) -> None:
    """Connect once, not by the pool: it would keep trying for half a minute before it says a word."""
    import psycopg

    try:
        psycopg.connect(os.environ[VARIABLES[role]], connect_timeout=10).close()
    except psycopg.OperationalError as error:
        hint = "" if role is Role.OWNER else "（角色由 rongxin database roles 建立）"
        raise click.ClickException(f"{VARIABLES[role]}: {' '.join(str(error).split())}{hint}") from error


def _refuse_tables() -> None:
    from django.db import connection

    if connection.introspection.table_names():
        raise click.ClickException(
            "DATABASE_URL 指向的数据库不是空的，演示只写入自己的数据库："
            "请新建一个空库，或取消 DATABASE_URL 以使用内置数据库 "
            "DATABASE_URL names a database that isn't empty: the demo fills one of its own; "
            "create an empty database, or unset DATABASE_URL to use the embedded one"
        )


def _refuse_unfit() -> None:
    from django.core.checks import Tags, run_checks

    for refusal in run_checks(tags=[Tags.database], databases=["default"]):
        raise click.ClickException(str(refusal.msg))


def _make_tables(*, may_make: bool, progress: bool, embedded: bool) -> None:
    """Bring tables up to date, and the roles' rights with them; whoever isn't the owner only looks."""
    if may_make:
        made = _migrate(progress=progress)
        if made:
            open_providers()
        settle_rights(make_roles=embedded, anew=made)
        return
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise click.ClickException(
            "数据表不是最新的：请以所有者地址（DATABASE_URL）运行 rongxin database roles "
            "the tables are out of date: run `rongxin database roles` with the owner's address"
        )


def open_providers() -> int:
    """Have a node know the catalogue's providers from its first moment; return how many changed."""
    from django.utils import timezone

    from rongxin.catalogue import loader
    from rongxin.parties import seed
    from rongxin.vocabulary.actor import SYSTEM

    return seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())


def settle_rights(*, make_roles: bool, anew: bool) -> None:
    """As the owner: grant the roles what is declared, where tables are new or the server is ours alone.

    A server of the operator's has its roles made by `rongxin database roles`; one that differs is told of by
    the checks and never put right in silence.
    """
    from django.conf import settings

    from rongxin.entrypoints.database import addresses, granting, rights

    if not addresses.divided():
        return
    logins = granting.logins(settings.RONGXIN_DATABASES)
    differ = any(rights.difference(role, login.name) for role, login in logins.items())
    if differ and (make_roles or (anew and granting.exist(logins))):
        granting.settle(logins)


def _migrate(*, progress: bool) -> bool:
    """Bring the tables up to date; of several processes that come at once, one does it: whether we did."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    def outstanding() -> int:
        executor = MigrationExecutor(connection)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))

    if not outstanding():
        return False
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
    return count > 0


def disconnect() -> None:
    """Close every connection this process holds, the pool's too."""
    from rongxin.entrypoints.database import addresses

    addresses.disconnect()


def say(line: str) -> None:
    """Tell the person at the terminal; standard output belongs to the command's result."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
