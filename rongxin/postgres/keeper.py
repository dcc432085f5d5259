"""The process that looks after one embedded server: its parent, so that no dead server stays unburied.

It starts the server, says `ready` on its standard output, starts it again if it is killed, and stops it when
no process uses it any more: at once where the last one says so (SIGTERM), else by counting.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from rongxin.postgres import account, binaries
from rongxin.postgres.cluster import Cluster
from rongxin.postgres.errors import Busy, LauncherError
from rongxin.postgres.locks import FileLock
from rongxin.postgres.shared import State

LOOK_SECONDS = 0.1
LOOKS_PER_COUNT = 20  # count the users every two seconds
RESTARTS_PER_MINUTE = 5
LONGEST_SOCKET_DIRECTORY = 80  # an address of 108 bytes is refused; PostgreSQL adds `/.s.PGSQL.5432.lock`

SOCKETS_PREFIX = "rongxin-"
HELD_TO_THE_END: list[FileLock] = []
ORDERS: list[int] = []  # signals that tell us to stop, until they have been looked at


def main() -> int:
    """Keep the server of the directory named on the command line until nobody needs it."""
    directory, purpose = Path(sys.argv[1]), sys.argv[2]
    for order in (signal.SIGTERM, signal.SIGINT):
        signal.signal(order, _note)
    lock = FileLock(directory / "keeper")
    sockets: Path | None = None
    cluster: Cluster | None = None
    try:
        if not lock.try_exclusive():
            raise Busy(f"{directory} has a keeper already")
        _sweep(directory)
        chosen = account.choose(binaries.find(_major_on_disk(directory)), directory)
        if purpose == "test":
            shutil.rmtree(chosen.home / "data", ignore_errors=True)
        sockets = _make_socket_directory(chosen)
        cluster = Cluster(chosen, purpose, sockets)
        cluster.create()
        cluster.start()
        _tell(directory, cluster)
        _say("ready")
        _close_output()
        _look_after(directory, cluster)
    except LauncherError as error:
        _say(f"error: {error}")
        return 1
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # First of all: a server that is stopping still answers, and whoever told us to stop may have been
        # killed since, so that nobody shuts the door. Who comes now finds no state and waits for the end.
        (directory / "state.json").unlink(missing_ok=True)
        if cluster is not None:
            cluster.stop()
        if sockets is not None:
            shutil.rmtree(sockets, ignore_errors=True)
        lock.release()
    return 0


def _sweep(directory: Path) -> None:
    """Remove what a keeper that was killed left behind."""
    state = State.read(directory)
    if state is not None and Path(state.sockets).name.startswith(SOCKETS_PREFIX):
        shutil.rmtree(state.sockets, ignore_errors=True)
    (directory / "state.json").unlink(missing_ok=True)


def _note(number: int, frame: FrameType | None) -> None:
    ORDERS.append(number)


def _major_on_disk(directory: Path) -> int | None:
    for home in (directory, account.home_of_nobody(directory)):
        try:
            return int((home / "data" / "PG_VERSION").read_text())
        except (OSError, ValueError):
            continue
    return None


def _make_socket_directory(chosen: account.Account) -> Path:
    """A directory of our own (0700) with a short name: the project's path may be too long for a socket."""
    base = tempfile.gettempdir()
    if len(os.fsencode(base)) > LONGEST_SOCKET_DIRECTORY - len("/rongxin-12345678"):
        base = "/tmp"  # noqa: S108
    sockets = Path(tempfile.mkdtemp(prefix=SOCKETS_PREFIX, dir=base))
    chosen.own(sockets)
    return sockets


def _tell(directory: Path, cluster: Cluster) -> None:
    assert cluster.child is not None
    used = cluster.account.binaries
    State(
        sockets=str(cluster.sockets),
        postmaster=cluster.child.pid,
        keeper=os.getpid(),
        version=used.version,
        binaries=str(used.directory),
        account=cluster.account.name,
    ).write(directory)


def _look_after(directory: Path, cluster: Cluster) -> None:
    """Return when nobody uses the server any more; start it again when it was killed."""
    restarts: list[float] = []
    looks = 0
    while True:
        time.sleep(LOOK_SECONDS)
        looks += 1
        if cluster.child is not None and cluster.child.poll() is not None:
            (directory / "state.json").unlink(missing_ok=True)  # whoever comes now waits until it is written
            restarts = [at for at in restarts if at > time.monotonic() - 60] + [time.monotonic()]
            if len(restarts) > RESTARTS_PER_MINUTE:
                return
            cluster.start()
            _tell(directory, cluster)
        if ORDERS and _last_is_leaving(directory, cluster):
            return
        if looks % LOOKS_PER_COUNT == 0 and _nobody_is_left(directory):
            return


def _last_is_leaving(directory: Path, cluster: Cluster) -> bool:
    """Whether who told us to stop is still there, alone.

    It may have been killed since, and another have come. So nobody finds a state while we look, and whoever
    found one before is among the users.
    """
    ORDERS.clear()
    (directory / "state.json").unlink(missing_ok=True)
    users = FileLock(directory / "users")
    try:
        alone = not users.try_shared()  # the last holds it exclusively until we have stopped
    except OSError:  # the directory was removed under us
        return True
    users.release()
    if not alone:
        _tell(directory, cluster)
    return alone


def _nobody_is_left(directory: Path) -> bool:
    """Count the users with the door shut; it stays shut until our end, so whoever comes now starts afresh."""
    door, users = FileLock(directory / "door"), FileLock(directory / "users")
    try:
        if door.try_exclusive() and users.try_exclusive():
            HELD_TO_THE_END.append(door)
            return True
    except OSError:  # the directory was removed under us
        return True
    finally:
        users.release()
    door.release()
    return False


def _say(word: str) -> None:
    try:
        sys.stdout.write(word + "\n")
        sys.stdout.flush()
    except OSError:
        """Whoever started us is gone; the locks tell us what to do."""


def _close_output() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


if __name__ == "__main__":
    sys.exit(main())
