"""Do a command's work in a process of its own, so that one that runs out of memory is told of in words.

Libraries end the process where memory ends (a signal, an exit, a failure of their own in an odd place), and
no `except` sees that. Who started the process does, and clears up what it left half written.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

import click

#: Added to what a process exits with that ended in words, so that a library's own exit isn't taken for it.
_SAID, _BROKE_OFF = 100, 99
_OF_MEMORY = re.compile(
    r"memory|\balloc|failed to map|thread creation failed|os error 1[12]\b|Resource temporarily unavailable",
    re.I,
)


def run(
    work: Callable[[], None],
    *,
    needed: Mapping[str, int],
    halves: Iterable[Path],
    short: Callable[[str], Exception],
) -> None:
    """Do the work; raises what `short` makes of the bound on memory where it runs out or is too narrow.

    Below `needed` (bytes, by the name of the bound) it isn't begun: a library that gets no thread for want of
    addresses may wait for ever. `halves` are the files that it would leave half written. A process that has
    threads can't be forked; there the work is done in it, and what a library ends is ended.
    """
    bounds = _bounds()
    if any(name in bounds and bounds[name] < least for name, least in needed.items()):
        raise short(bound())
    if not _can_fork():
        try:
            return work()
        except MemoryError as error:
            raise short(bound()) from error
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as noise:
        child = os.fork()
        if not child:
            _work(work, noise)
        code = _waited_for(child)
        if code >= _SAID:
            sys.exit(code - _SAID)
        for path in halves:
            path.unlink(missing_ok=True)
        noise.seek(0)
        said = noise.read().decode(errors="replace")
    if code == -signal.SIGKILL or _OF_MEMORY.search(said):
        raise short(bound())
    click.echo(said, err=True)
    raise click.ClickException(
        f"程序出错中止，请连同以上各行报告 broke off ({code}); report it with the lines above"
    )


def bound() -> str:
    """Say how much memory a process may have, and what bounds it."""
    by, most = min(_bounds().items(), key=lambda item: item[1])
    return f"{most >> 20} MiB ({by})"


def _bounds() -> dict[str, int]:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    found = {"RAM": pages}
    for name, which in (("ulimit -v", resource.RLIMIT_AS), ("ulimit -d", resource.RLIMIT_DATA)):
        most = resource.getrlimit(which)[0]
        if most != resource.RLIM_INFINITY:
            found[name] = most
    for place in ("memory.max", "memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            found["cgroup"] = int((Path("/sys/fs/cgroup") / place).read_text())
    return found


def _can_fork() -> bool:
    """Whether this is a command of its own: one thread, and nobody in the process who reads its output."""
    try:
        return len(list(Path("/proc/self/task").iterdir())) == 1 and sys.stdout is sys.__stdout__
    except OSError:
        return False


def _work(work: Callable[[], None], noise: IO[bytes]) -> NoReturn:
    """In the new process: what libraries write to standard error is kept, what the command says is seen."""
    seen = os.dup(2)
    os.dup2(noise.fileno(), 2)
    sys.stderr = os.fdopen(seen, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")
    code = _BROKE_OFF
    try:
        work()
        code = _SAID
    except click.ClickException as error:
        error.show()
        code = _SAID + error.exit_code
    except BaseException:  # a library's panic is no Exception, and one sends an interrupt where memory ends
        os.write(2, traceback.format_exc().encode(errors="replace"))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _waited_for(child: int) -> int:
    def ended(*_: Any) -> NoReturn:
        sys.exit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, ended)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except BaseException:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
