"""`rongxin serve`: the node's web server, on port 8000 or a free one."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from rongxin.entrypoints.cli import node
from rongxin.entrypoints.database.declared import VARIABLES, Role
from rongxin.outpost import parent

PREFERRED_PORT = 8000
# Of one web process; each may hold one connection of the pool, which is as large. More threads than this
# queue for the interpreter: at twice as many the slowest answers took twice as long.
THREADS = int(os.environ.get("RONGXIN_WEB_THREADS", "4"))
LONGEST_PAUSE_SECONDS = 60
STOP_PATIENCE_SECONDS = 30.0
STATIC = Path(__file__).resolve().parent.parent / "static"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; without it 8000, or a free one if it is taken."
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Web processes.")
@click.option("--with-worker/--without-worker", default=True, help="Run `rongxin worker` beside it.")
def command(host: str, port: int | None, workers: int, with_worker: bool) -> None:
    """Serve the pages and the API until Ctrl-C."""
    parent.end_with_starter()
    if with_worker and os.environ.get("RONGXIN_MODE") == "production" and not _knows_the_worker():
        raise click.ClickException(
            "没有 RONGXIN_WORKER_DATABASE_URL：请加 --without-worker，并以该地址另行运行 rongxin worker "
            "RONGXIN_WORKER_DATABASE_URL is not set: add --without-worker and run `rongxin worker` with it"
        )
    with node.running(role=Role.WEB) as running, contextlib.ExitStack() as stack:
        if with_worker:
            stack.enter_context(background_worker())
        from rongxin.entrypoints.database import addresses
        from rongxin.scratch import folders

        if not addresses.connected_as(Role.WEB):
            node.say(
                "网页以数据库所有者身份连接，未分角色：rongxin database roles --help "
                "the pages connect as the database's owner: its roles are not divided"
            )
        addresses.forget_others(Role.WEB)
        folders.sweep(running.var, now=time.time())
        serve(host, port, workers, running.var / "demo" / "addresses.json")


def _knows_the_worker() -> bool:
    return bool(os.environ.get(VARIABLES[Role.WORKER]))


def serve(host: str, port: int | None, workers: int, addresses: Path | None = None) -> None:
    """Block and serve until the process is told to stop (SIGINT, SIGTERM); Django is set up already."""
    from rongxin.parties import identity

    with reserved_port(host, port) as chosen:
        write_addresses(addresses, host, chosen)
        if caution := identity.caution():
            node.say(caution)
        node.say(f"网页与接口 web and API: {url(host, chosen)}   (Ctrl-C 停止 stops)")
        # Web processes are forked: on a connection that two of them inherit, one reads the other's answers.
        node.disconnect()
        with contextlib.suppress(SystemExit):
            server(host, chosen, workers).serve()


def server(host: str, port: int, workers: int) -> Any:
    """A granian server for the node's WSGI application, with as many threads as the pool has connections."""
    from granian import Granian
    from granian.constants import Interfaces

    os.environ["RONGXIN_WEB_THREADS"] = str(THREADS)
    logging.getLogger("granian").setLevel(logging.WARNING)
    return Granian(
        "rongxin.site.web_process:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=THREADS * 16,
        workers_kill_timeout=30,
        respawn_failed_workers=True,
        log_enabled=False,
        static_path_route=["/static"],
        static_path_mount=[STATIC],
    )


@contextlib.contextmanager
def reserved_port(host: str, port: int | None) -> Iterator[int]:
    """Choose the port and keep it ours: two servers could share one by SO_REUSEPORT without noticing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wishes = [port] if port is not None else [PREFERRED_PORT, 0]
    for wish in wishes:
        try:
            chosen = _free(family, host, wish)
        except OSError as error:
            refusal = error
            continue
        with socket.socket(family) as reservation:
            # A server that stopped a moment ago leaves connections that still count as using the port.
            reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            reservation.bind((host, chosen))
            yield chosen
        return
    raise click.ClickException(f"{host}:{wishes[-1]} can't be used ({refusal.strerror}): give another --port")


def _free(family: socket.AddressFamily, host: str, port: int) -> int:
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def url(host: str, port: int) -> str:
    """The address that a person types."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}/"


def write_addresses(path: Path | None, host: str, port: int) -> None:
    """Write where we serve, for scripts and for the reader of the demo."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        addresses = {"web": url(host, port), "api": f"{url(host, port)}api/v1/"}
        whole = path.with_name(f".{path.name}")
        whole.write_text(json.dumps(addresses, indent=1) + "\n")
        whole.replace(path)  # whoever waits for the file finds all of it


@contextlib.contextmanager
def background_worker() -> Iterator[None]:
    """Run `rongxin worker` beside us, on our database, and again whenever it ends; it ends with us."""
    keeping = WorkerKeeping()
    watch = threading.Thread(target=keeping.watch, name="worker watch", daemon=True)
    watch.start()
    try:
        yield
    finally:
        keeping.end()
        watch.join(STOP_PATIENCE_SECONDS)
        if watch.is_alive():
            keeping.end(signal.SIGKILL)
            watch.join(STOP_PATIENCE_SECONDS)


class WorkerKeeping:
    """The worker that we keep alive; one that keeps ending is started again ever more rarely."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._change = threading.Lock()  # none is started once we are ending
        self._child: subprocess.Popen[bytes] | None = None
        self._environment = dict(os.environ)  # as it is now: the web processes forget the worker's address

    def watch(self) -> None:
        """Start the worker, wait for it, say how it ended, pause, and again; until `end`."""
        pauses = restart_pauses()
        while True:
            began = time.monotonic()
            ended = self._run()
            if self._ending.is_set():
                return
            if time.monotonic() - began > LONGEST_PAUSE_SECONDS:  # it has worked: no chain of failures
                pauses = restart_pauses()
            pause = next(pauses)
            node.say(
                f"后台进程已结束（{ended}），{pause}秒后重启 worker ended ({ended}), restarting in {pause} s"
            )
            if self._ending.wait(pause):
                return

    def _run(self) -> str:
        """One life of the worker; says how it ended."""
        command = [sys.executable, "-m", "rongxin", "worker"]
        try:
            with self._change:
                if self._ending.is_set():
                    return "not started"
                # In a group of its own: Ctrl-C is for us, and we tell the worker to stop.
                self._child = subprocess.Popen(  # noqa: S603
                    command, process_group=0, env=parent.environment(self._environment)
                )
        except OSError as error:  # the machine has no room for another process now
            return str(error)
        status = self._child.wait()
        return signal.Signals(-status).name if -status in set(signal.Signals) else f"exit status {status}"

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell the worker to stop, and start none again."""
        with self._change:
            self._ending.set()
            if self._child is not None:
                self._child.send_signal(number)


def restart_pauses() -> Iterator[int]:
    """The seconds before each restart: 1, 2, 4 … and no more than a minute."""
    pause = 1
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
