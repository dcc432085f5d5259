"""The ground that a demo or a sandbox stands on: a directory and a database of its own, gateways and node as
processes. Whatever is not its own it leaves alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import httpx
from django.core.management import call_command
from django.db import connection

from rongxin.entrypoints.cli import node, serve
from rongxin.entrypoints.database import addresses
from rongxin.entrypoints.database.declared import Role
from rongxin.entrypoints.demo import bulk, gateways
from rongxin.outpost import parent
from rongxin.postgres.locks import FileLock

HOST = "127.0.0.1"  # where `rongxin serve` listens unless it is told otherwise
_READY_WITHIN_SECONDS = 180


@contextmanager
def taken(var: Path, port: int | None) -> Iterator[Path]:
    """Begin anew with empty tables and files in `var`, alone there; gives the directory of results."""
    out = var / "demo"
    os.environ["RONGXIN_GATEWAYS"] = str(out / "gateways")
    with _alone(var):
        if port is not None:
            with serve.reserved_port(HOST, port):
                pass  # it is free: better refused here than after everything has been cleared
        with node.running("demo", role=Role.OWNER, must_be_empty=True) as running:
            if running.embedded:
                _refuse_beside_others(out)
            # Not before: a demo that can't begin must not cost the results of the last one.
            _clear(out)
            if running.embedded:
                _empty_embedded()
            addresses.use(Role.WORKER)  # from here on the city is filed as on any node
            yield out


@contextmanager
def _alone(var: Path) -> Iterator[None]:
    """Be the one demo of this directory; a second would take the first one's tables and files away."""
    var.mkdir(parents=True, exist_ok=True)
    lock = FileLock(var / "demo.lock")
    if not lock.try_exclusive():
        who = _who(var, lock.path)
        lock.release()
        raise click.ClickException(
            f"演示正在此目录运行（{who}）：请先按 Ctrl-C 停止它，或把 RONGXIN_VAR 设为另一目录 "
            f"a demo is running in {var} ({who}): stop it with Ctrl-C, or set another RONGXIN_VAR"
        )
    try:
        lock.path.write_text(str(os.getpid()))
        yield
    finally:
        lock.release()


def _who(var: Path, lock: Path) -> str:
    """The running demo's process and, once it serves, its address."""
    who = f"PID {lock.read_text() or '?'}"
    try:
        return f"{who}, {json.loads((var / 'demo' / 'addresses.json').read_text())['web']}"
    except (OSError, ValueError, KeyError):
        return who


def _refuse_beside_others(out: Path) -> None:
    """Take no tables away from a `rongxin serve` or another command that works on them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'rongxin %%'"
            " AND application_name <> current_setting('application_name')"
        )
        (others,) = cursor.fetchone()
    if others:
        raise click.ClickException(
            f"另有 rongxin 命令正在使用 {out} 的数据库（{others} 个连接）：请先停止它（例如 rongxin serve），"
            f"或把 RONGXIN_VAR 设为另一目录 another command uses the database of {out} "
            f"({others} connections): stop it, or set another RONGXIN_VAR"
        )


def _clear(out: Path) -> None:
    """Clear what an earlier demo wrote; the database's own directory stays, it is emptied from inside."""
    out.mkdir(parents=True, exist_ok=True)
    for path in out.iterdir():
        if path.name != "postgres":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _empty_embedded() -> None:
    """Begin each demo with empty tables: the story is always told from its beginning."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    call_command("migrate", verbosity=0, interactive=False)
    node.settle_rights(make_roles=True, anew=True)


@contextmanager
def departments(out: Path) -> Iterator[None]:
    """Run the departments' gateways, each from its own directory under `providers`."""
    try:
        with gateways.served(out / "city" / "providers", out) as offices:
            machines = len({office.port for office in offices})
            node.say(f"数据提供单位网关：{len(offices)}个单位，{machines}个进程 gateways of the providers")
            bulk.begin(node.say)
            yield
    except gateways.GatewayFailed as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def served(out: Path, port: int | None, host: str = HOST) -> Iterator[dict[str, str]]:
    """Run `rongxin serve` (with its worker) beside us until the block ends."""
    written = out / "addresses.json"
    written.unlink(missing_ok=True)
    arguments = [
        sys.executable,
        "-m",
        "rongxin",
        "serve",
        "--host",
        host,
        *(["--port", str(port)] if port is not None else []),
    ]
    server = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
        arguments, process_group=0, env=parent.environment()
    )
    try:
        yield _ready(server, written)
    finally:
        server.terminate()
        try:
            server.wait(40)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _ready(server: subprocess.Popen[bytes], written: Path) -> dict[str, str]:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise click.ClickException("网页服务未能启动，原因见上；rongxin serve 可单独启动它")
        try:
            found: dict[str, str] = json.loads(written.read_text())
            if httpx.get(f"{found['web']}readyz", timeout=2, trust_env=False).status_code == 200:
                return found
        except (OSError, ValueError, httpx.HTTPError):
            pass
        time.sleep(0.2)
    raise click.ClickException(f"网页服务在{_READY_WITHIN_SECONDS}秒内没有就绪")
