"""Is a server alive in a data directory?

`postmaster.pid` alone can't tell: its process may be dead, a zombie that its parent never buried, or a
stranger who got the number later.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from rongxin.postgres.errors import Busy

PROC = Path("/proc")


def is_ready(data: Path, pid: int) -> bool:
    """Whether the server with this process id says in its pid file that it takes connections."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def clear_the_way(data: Path, *, patience_seconds: float) -> None:
    """Wait until no process of an earlier server works in `data`, then remove its stale pid file.

    PostgreSQL's own check takes a zombie, or a stranger with the same number, for a running server. The
    keeper's lock already guarantees that no keeper but us looks after this directory; what is left over of
    an earlier one (its keeper was killed) is asked to shut down.
    """
    pid_file = data / "postmaster.pid"
    deadline = time.monotonic() + patience_seconds
    asked = False
    while alive := living(data):
        postmaster = _postmaster(pid_file)
        if not asked and postmaster in alive:
            os.kill(postmaster, signal.SIGINT)
            asked = True
        if time.monotonic() > deadline:
            raise Busy(f"processes {sorted(alive)} still work in {data}: end them, then try again")
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def living(data: Path) -> set[int]:
    """The processes that work in a data directory (a server's processes all do), zombies left out."""
    if not PROC.is_dir():
        postmaster = _postmaster(data / "postmaster.pid")
        return {postmaster} if postmaster and _exists(postmaster) else set()
    where = os.path.realpath(data)
    found = set()
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                inside = str((entry / "cwd").readlink()) == where
                inside = inside and (entry / "exe").readlink().name.startswith("postgres")
            except OSError:  # another user's process, or gone meanwhile; a zombie has no cwd either
                continue
            if inside:
                found.add(int(entry.name))
    return found


def _postmaster(pid_file: Path) -> int:
    try:
        return int(pid_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
