"""One PostgreSQL data directory: make it, start its server as our child, stop it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from rongxin.postgres import processes, tuning
from rongxin.postgres.account import Account, end_with_parent
from rongxin.postgres.errors import DidNotStart, LauncherError

START_PATIENCE_SECONDS = 120
STOP_PATIENCE_SECONDS = 60
ROLE = DATABASE = "rongxin"


@dataclass
class Cluster:
    """The server of one data directory; `sockets` is the directory of its only door."""

    account: Account
    purpose: str
    sockets: Path
    child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        return self.account.home / "data"

    @property
    def log(self) -> Path:
        return self.account.home / "postgres.log"

    def create(self) -> None:
        """Make the data directory under another name first: half a directory is never taken for one."""
        if (self.data / "PG_VERSION").exists():
            return
        unfinished = self.account.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [
            *(self.account.binaries.program("initdb"), "-D", str(unfinished)),
            *("--username", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--lc-messages=C"),
            *(("--locale-provider=builtin",) if self.account.binaries.major >= 17 else ()),
            *(("--no-sync",) if self.purpose == "test" else ()),
        ]
        self._run(command, "initdb")
        single = [self.account.binaries.program("postgres"), "--single", "-D", str(unfinished), "postgres"]
        if self.purpose == "test":
            single[2:2] = ["-c", "fsync=off"]
        self._run(single, "create database", given=f"CREATE DATABASE {DATABASE};\n")
        unfinished.rename(self.data)

    def _run(self, command: list[str], what: str, given: str = "") -> None:
        answer = subprocess.run(  # noqa: S603
            command,
            preexec_fn=self.account.become,
            input=given,
            cwd=self.account.home,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise DidNotStart(f"{what} failed: {_last_words(answer.stderr or answer.stdout)}")

    def start(self) -> None:
        """Start the server and wait until it takes connections; a crash before is recovered by it."""
        _need_time_zones()
        processes.clear_the_way(self.data, patience_seconds=STOP_PATIENCE_SECONDS)
        arguments = [
            f"--{name}={value}" for name, value in tuning.settings(self.purpose, self.sockets).items()
        ]
        _keep_short(self.log)
        with self.log.open("ab") as log:
            self.account.own(self.log)
            self.child = subprocess.Popen(  # noqa: S603
                [self.account.binaries.program("postgres"), "-D", str(self.data), *arguments],
                preexec_fn=self._become,
                cwd=self.account.home,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()

    def _become(self) -> None:
        self.account.become()
        end_with_parent()

    def _wait_until_ready(self) -> None:
        assert self.child is not None
        deadline = time.monotonic() + START_PATIENCE_SECONDS
        while not processes.is_ready(self.data, self.child.pid):
            if self.child.poll() is not None:
                raise DidNotStart(f"PostgreSQL ended at once: {self._log_end()}")
            if time.monotonic() > deadline:
                self.stop()
                raise DidNotStart(
                    f"PostgreSQL wasn't ready after {START_PATIENCE_SECONDS} s: {self._log_end()}"
                )
            time.sleep(0.02)

    def _log_end(self) -> str:
        return f"{_last_words(self.log.read_text(errors='replace'))} (see {self.log})"

    def stop(self) -> None:
        """Disconnect everybody and shut down; nothing that was committed is lost."""
        if self.child is None:
            return
        for sign, patience in (
            (signal.SIGINT, STOP_PATIENCE_SECONDS),
            (signal.SIGQUIT, 10),
            (signal.SIGKILL, 10),
        ):
            if self.child.poll() is None:
                self.child.send_signal(sign)
                try:
                    self.child.wait(patience)
                except subprocess.TimeoutExpired:
                    continue
            self.child = None
            return
        raise LauncherError(f"PostgreSQL (process {self.child.pid}) can't be stopped")


def _need_time_zones() -> None:
    """Neither Debian's PostgreSQL nor the wheel's brings time zones; both read the machine's."""
    if not Path("/usr/share/zoneinfo/Asia/Shanghai").exists():
        raise DidNotStart(
            "PostgreSQL needs the time zones of the machine: apt install tzdata, or set DATABASE_URL"
        )


def _environment() -> dict[str, str]:
    """Only what the server needs: a PG… variable of the caller would change what we start."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    }
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": os.environ.get("TZ", "Asia/Shanghai")}


def _last_words(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    loud = [line for line in lines if "FATAL" in line or "error:" in line or "ERROR" in line]
    return " ".join((loud or lines or ["no word"])[-1:])


def _keep_short(log: Path) -> None:
    if log.exists() and log.stat().st_size > 10 << 20:
        log.replace(log.with_suffix(".log.1"))
