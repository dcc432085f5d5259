"""One server, many users: the first process in has it started, the last one out has it stopped.

Three locks in the directory say who is there. `door` is held for the moment of coming and going; `users` is
shared by all that use the server; `keeper` is held by the process that looks after the server
(`rongxin.postgres.keeper`) as long as it lives. The kernel drops the locks of a process that dies, so a
crash leaves nobody counted who is gone, and the keeper stops a server that has lost its last user.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from rongxin.postgres.cluster import DATABASE, ROLE
from rongxin.postgres.errors import Busy, DidNotStart, LauncherError
from rongxin.postgres.locks import FileLock
from rongxin.postgres.tuning import PURPOSES

PATIENCE_SECONDS = 180
ASK_FOR_TLS = struct.pack(
    "!ii", 8, 80877103
)  # the one question that a server answers before it knows who asks


@dataclass(frozen=True)
class State:
    """What the keeper tells of its server, in `state.json`."""

    sockets: str
    postmaster: int
    keeper: int
    version: str
    binaries: str
    account: str

    @classmethod
    def read(cls, directory: Path) -> State | None:
        try:
            return cls(**json.loads((directory / "state.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, directory: Path) -> None:
        new = directory / "state.json.new"
        new.write_text(json.dumps(self.__dict__, indent=1) + "\n")
        new.replace(directory / "state.json")


@dataclass
class Membership:
    """Our use of a running server; `leave` ends it, and so does the end of the process."""

    directory: Path
    state: State
    _users: FileLock
    _keeper: subprocess.Popen[str] | None = None  # ours to bury if we started it
    _owner: int = field(default_factory=os.getpid)

    def url(self, database: str = DATABASE, *, user: str = ROLE) -> str:
        """The server's address in the form of `DATABASE_URL`."""
        return f"postgresql:///{database}?host={quote(self.state.sockets)}&user={user}"

    def leave(self) -> None:
        """Give the server up; if nobody else uses it, wait until it has stopped."""
        if os.getpid() != self._owner:  # a forked child shares our lock, but doesn't decide
            return
        atexit.unregister(self.leave)
        with FileLock(self.directory / "door"):
            if self._users.try_exclusive():
                _stop_keeper(self.directory, self._keeper.pid if self._keeper else None)
                if self._keeper is not None:
                    self._keeper.wait()
            elif self._keeper is not None:
                self._keeper.returncode = 0  # it lives on for the others: no warning about a living child
            self._users.release()


def join(directory: Path, purpose: str = "demo") -> Membership:
    """Use the server of a directory; start it first if none runs.

    Raises LauncherError with one line that says what to do.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"purpose {purpose!r}: use one of {', '.join(PURPOSES)}")
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    users = FileLock(directory / "users")
    door = FileLock(directory / "door")
    door.exclusive(patience_seconds=PATIENCE_SECONDS)
    try:
        if not users.try_shared():
            raise Busy(f"{directory} is being stopped by another process: try again")
        state, keeper = _running(directory), None
        if state is None:
            state, keeper = _start_keeper(directory, purpose)
    except BaseException:
        users.release()
        raise
    finally:
        door.release()
    membership = Membership(directory, state, users, keeper)
    atexit.register(membership.leave)
    return membership


def _running(directory: Path) -> State | None:
    """What the living keeper says, if there is one; a keeper that is still starting is given time."""
    keeper = FileLock(directory / "keeper")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not keeper.try_shared():
        state = State.read(directory)
        if state is not None and _answers(state):  # its server may have been killed just now, or itself
            keeper.release()
            return state
        if time.monotonic() > deadline:
            raise Busy(f"{directory}: another process has been starting PostgreSQL for {PATIENCE_SECONDS} s")
        time.sleep(0.05)
    keeper.release()
    return None


def _answers(state: State) -> bool:
    """Whether a living server answers at its door; a dying one still takes connections for a moment."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(5)
        try:
            door.connect(f"{state.sockets}/.s.PGSQL.5432")
            door.sendall(ASK_FOR_TLS)
            return door.recv(1) in (b"N", b"S")
        except OSError:
            return False


def _start_keeper(directory: Path, purpose: str) -> tuple[State, subprocess.Popen[str]]:
    keeper = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "rongxin.postgres.keeper", str(directory), purpose],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for us; we tell the keeper when to stop
        text=True,
    )
    assert keeper.stdout is not None
    with keeper.stdout:
        word = keeper.stdout.readline().strip()
        rest = "" if word == "ready" else keeper.stdout.read()
    state = State.read(directory)
    if word == "ready" and state is not None:
        return state, keeper
    keeper.wait()
    kind = LauncherError if word.startswith("error: ") else DidNotStart
    raise kind(word.removeprefix("error: ") + (f"\n{rest.strip()}" if rest.strip() else ""))


def _stop_keeper(directory: Path, ours: int | None) -> None:
    """Tell the keeper to stop until it has; `ours` is its process if we started it.

    While it restarts a killed server it has no state to read: another's keeper is looked for again and again.
    """
    keeper = FileLock(directory / "keeper")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not keeper.try_exclusive():
        state = State.read(directory)
        process = state.keeper if state is not None else ours
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        if time.monotonic() > deadline:
            raise Busy(f"{directory}: the keeper of the server has not stopped for {PATIENCE_SECONDS} s")
        time.sleep(0.05)
    keeper.release()
