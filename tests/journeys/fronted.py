"""A front machine that runs as a process, in front of a node that does."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml
from click.testing import CliRunner

from rongxin.entrypoints.cli import front as commands
from tests.journeys import serving


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def told(*arguments: str) -> str:
    """Run `rongxin front …` and return what it says."""
    done = CliRunner().invoke(commands.command, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


@dataclass
class Front:
    """A directory that `front init` made, and the processes that serve it."""

    directory: Path
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def begin(cls, directory: Path, *flags: str) -> Front:
        told("init", str(directory), *flags)
        return cls(directory)

    @property
    def config(self) -> Path:
        return self.directory / "front.yaml"

    def pem(self, name: str) -> str:
        return (self.directory / f"{name}.pub.pem").read_text()

    def points_to(self, node: str, account: str, **more: object) -> None:
        """Write where the node is; the addresses are free ones."""
        document = yaml.safe_load(self.config.read_text()) | {"node": node.rstrip("/"), "account": account}
        for side in ("inner", "outer"):
            document[side] = {"listen": f"127.0.0.1:{_free_port()}"}
        self.config.write_text(yaml.safe_dump(document | more))

    def key(self, name: str, *allow: str) -> str:
        """Give an inner system a secret, and what it may do."""
        secret = told("key", name, "--config", str(self.config)).splitlines()[0]
        if allow:
            path = self.directory / "callers" / f"{name}.yaml"
            path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"allow": list(allow)}))
        return secret

    def address(self, side: str) -> str:
        return f"http://{yaml.safe_load(self.config.read_text())[side]['listen']}"

    def start(self, shown: ssl.SSLContext | None = None) -> None:
        """Serve; `shown` is by what a side is asked whether it answers, where it wants a certificate."""
        command = [sys.executable, "-m", "rongxin", "front", "serve", "--config", str(self.config)]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log, start_new_session=True)
        for side in ("inner", "outer"):
            serving.until(lambda side=side: self.answers(side, shown))

    def kill(self) -> None:
        """End every process of the front by SIGKILL, at once."""
        assert self.process is not None
        for one in [self.process.pid, *children(self.process.pid)]:
            os.kill(one, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)

    def answers(self, side: str, shown: ssl.SSLContext | None = None) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.directory / "log").read_text()[-3000:]
        place = self.address(side).replace("http:", "https:" if shown else "http:")
        try:
            return httpx.get(f"{place}/healthz", verify=shown or True, trust_env=False).status_code == 200
        except httpx.TransportError:
            time.sleep(0.1)
            return False


def children(parent: int) -> list[int]:
    """Return all processes below one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            rest = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(rest[1]) == parent:
            found += [int(path.parent.name), *children(int(path.parent.name))]
    return found
