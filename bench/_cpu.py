"""How many CPU seconds the parts of a bench have used: its clients, node, gateways and database sessions."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

_TICKS = os.sysconf("SC_CLK_TCK")


def used(database_url: str) -> Counter[str]:
    """Return the CPU seconds so far of every part that is running now, by its name."""
    place = conninfo_to_dict(database_url)
    sessions = f"postgres: {place.get('user')} {place.get('dbname')} "
    found: Counter[str] = Counter()
    children = _descendants()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            times = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
        except OSError:  # it has ended
            continue
        part = _part(command) if int(process.name) in children else None
        if command.startswith(sessions):
            part = "database"
        if part:
            found[part] += sum(map(int, times)) / _TICKS  # type: ignore[assignment]
    return found


def _part(command: str) -> str | None:
    marks = {"_clients.py": "clients", " gateway ": "gateway", " serve ": "node"}
    return next((part for mark, part in marks.items() if mark in command), None)


def _descendants() -> set[int]:
    parents: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found
