"""Under which account the server runs: PostgreSQL refuses root.

A normal user runs it as is. Root enters a user namespace in which root is called 1000; files keep their
owner, so that a project in root's own home works. Where the kernel allows no user namespace, or the programs
can't be read inside one, the server runs as `nobody` from a place that `nobody` can reach.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rongxin.postgres.binaries import Binaries
from rongxin.postgres.errors import CannotRun

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
INSIDE_ID = 1000
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """How to become the account that may run PostgreSQL, and where that account can work."""

    name: str
    binaries: Binaries
    home: Path  # the data directory and the log lie here
    become: Callable[[], None]

    def own(self, path: Path) -> None:
        """Hand a file of ours to the account."""
        if self.name == "nobody":
            os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)


def choose(binaries: Binaries, home: Path) -> Account:
    """Find an account under which these programs run here and can write in `home`."""
    if os.geteuid() != 0:
        return Account("self", binaries, home, _nothing)
    wish = os.environ.get("RONGXIN_POSTGRES_AS", "")
    if wish not in ("", "namespace", "nobody"):
        raise CannotRun(f"RONGXIN_POSTGRES_AS={wish}: use namespace or nobody, or leave it out")
    if wish != "nobody" and _runs(binaries, enter_namespace):
        return Account("namespace", binaries, home, enter_namespace)
    if wish != "namespace":
        account = _as_nobody(binaries, home)
        if _runs(account.binaries, account.become):
            return account
    raise CannotRun(
        "PostgreSQL refuses to run as root, and this machine allows neither a user namespace nor the user "
        "nobody: run the command as a normal user, or set DATABASE_URL"
    )


def _nothing() -> None:
    """A normal user stays who they are."""


def enter_namespace() -> None:
    """Enter a user namespace in which we are called 1000 (in the child, before exec)."""
    uid, gid = os.geteuid(), os.getegid()
    if LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{INSIDE_ID} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{INSIDE_ID} {gid} 1")


def _become_nobody() -> None:
    entry = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def end_with_parent() -> None:
    """Ask the kernel for a fast shutdown when the keeper dies, however it dies (Linux)."""
    if hasattr(LIBC, "prctl"):
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _runs(binaries: Binaries, become: Callable[[], None]) -> bool:
    try:
        answer = subprocess.run(  # noqa: S603
            [binaries.program("initdb"), "--version"], preexec_fn=become, capture_output=True, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.returncode == 0


def home_of_nobody(home: Path) -> Path:
    """Where the data of `home` lies when the server runs as `nobody`, who can't reach a private home."""
    mark = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    reachable = Path("/var/tmp" if Path("/var/tmp").is_dir() else tempfile.gettempdir())  # noqa: S108
    return reachable / f"rongxin-{mark}" / "home"


def _as_nobody(binaries: Binaries, home: Path) -> Account:
    """Copy the programs where nobody can read them, unless they are; keep the data likewise."""
    home = home_of_nobody(home)
    place = home.parent
    place.mkdir(mode=0o755, exist_ok=True)
    if place.stat().st_uid != 0:
        raise CannotRun(f"{place} belongs to another user: remove it, or run as a normal user")
    if not _runs(binaries, _become_nobody):
        copy = place / f"postgres-{binaries.version}"
        if not copy.exists():
            unfinished = copy.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(binaries.directory.parent, unfinished, symlinks=True)
            unfinished.rename(copy)
        binaries = Binaries(copy / "bin", binaries.version, binaries.origin)
    home.mkdir(mode=0o700, exist_ok=True)
    account = Account("nobody", binaries, home, _become_nobody)
    account.own(home)
    return account
