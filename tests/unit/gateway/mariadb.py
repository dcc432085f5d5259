"""A throw-away MariaDB of the machine's own binaries, for one run of tests."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pymysql

PATIENCE = 60  # only a broken build waits as long
REASON = "no MariaDB on this machine (Debian: apt install mariadb-server-core mariadb-client-core)"
READER, PASSWORD = "reader", "s3cret"


def present() -> bool:
    """Whether all is there that a database is made with: Debian has the third in the client's package."""
    return all(map(shutil.which, ("mariadbd", "mariadb-install-db", "my_print_defaults")))


class Server:
    """A server in a directory of its own with a database `tax` and a user who could write there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = (
            f"{tempfile.gettempdir()}/rongxin-{os.getpid()}.mysql"  # a path of 108 bytes and more fails
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def __enter__(self) -> Server:
        binary = shutil.which("mariadbd")
        assert binary is not None
        base, user = Path(binary).resolve().parent.parent, f"--user={getpass.getuser()}"
        data, common = self._directory / "data", ["--no-defaults"]
        install = ["mariadb-install-db", *common, f"--basedir={base}", f"--datadir={data}", user]
        how = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        made = subprocess.run([*install, *how], capture_output=True, text=True)
        assert made.returncode == 0, made.stdout + made.stderr
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    binary, *common, f"--basedir={base}", f"--datadir={data}", user,
                    f"--socket={self._socket}", f"--port={self.port}", "--bind-address=127.0.0.1",
                    f"--pid-file={self._directory / 'pid'}", "--skip-name-resolve",
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        self._await()
        self.run(
            "CREATE DATABASE tax CHARACTER SET utf8mb4",
            f"CREATE USER {READER}@'%' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT ALL ON tax.* TO {READER}@'%'",
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        Path(self._socket).unlink(missing_ok=True)

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the administrator; return the rows of the last."""
        with pymysql.connect(unix_socket=self._socket, user="root", autocommit=True) as base:
            cursor = base.cursor()
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def _await(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            try:
                self.run("SELECT 1")
                return
            except pymysql.MySQLError:
                time.sleep(0.1)
        raise AssertionError((self._directory / "log").read_text())
