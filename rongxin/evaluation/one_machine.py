"""DuckDB as runs and the bench open it: nothing is fetched, memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

_MEMORY, _THREADS = "1GB", "2"


@contextmanager
def connected(folder: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB; what doesn't fit its memory is laid down in `folder` for a while."""
    spill = {"temp_directory": str(folder / "spill")} if folder is not None else {}
    duck = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": _MEMORY,
            "threads": _THREADS,
            **spill,
        }
    )
    duck.execute("SET enable_progress_bar_print = false")  # in the middle of a command's JSON
    try:
        yield duck
    finally:
        duck.close()
