"""DuckDB as runs and the bench open it: nothing is fetched, memory is bounded, subjects have places."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

_MEMORY, _THREADS = "640MB", "2"
#: Subjects of a bucket are numbers near to one another: an aggregation keeps a place for each of up to 2^20
#: instead of hashing, which is several times as quick where rows are sorted by subject.
_PLACES_BITS = "20"


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
    try:
        duck.execute(f"SET perfect_ht_threshold = {_PLACES_BITS}")
        yield duck
    finally:
        duck.close()
