"""How far long work is: a line on standard error, rewritten on a terminal, every few seconds in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click


class Progress:
    """One command's line. `end` it before anything else is said."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._told = time.monotonic()
        self._open = False

    def of_all(self, what: str, done: int, total: int) -> None:
        """Say how much of a whole is done."""
        self._tell(f"{what}: {done:,}/{total:,}", last=done >= total)

    def steps(self, what: str) -> Callable[[int, int], None]:
        """Return what work tells how much of a whole of its own is done."""
        return lambda done, total: self.of_all(what, done, total)

    def of_item(self, item: str, rows: int) -> None:
        """Say how many rows of an item are done."""
        self._tell(f"{item}: {rows:,} 行 rows")

    def of_file(self, rows: int, rows_per_second: float) -> None:
        """Say how many rows of a file are read, and how fast."""
        self._tell(f"已读取 {rows:,} 行 rows read, {rows_per_second:,.0f}/s")

    def end(self) -> None:
        if self._open:
            click.echo(err=True)

    def _tell(self, line: str, *, last: bool = False) -> None:
        if not last and time.monotonic() - self._told < (0.2 if self._terminal else 5.0):
            return
        self._told, self._open = time.monotonic(), self._terminal
        click.echo(f"\r\x1b[K{line}" if self._terminal else line, err=True, nl=not self._terminal)
