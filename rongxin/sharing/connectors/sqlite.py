"""A provider whose store is a SQLite database; opened read-only, for one question at a time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from typing import Any

from rongxin.sharing.connectors import mapping as mappings
from rongxin.sharing.connectors.in_process import SECONDS_MAX, InProcess
from rongxin.sharing.connectors.query import Unavailable

_LOOK_EVERY = 10_000  # virtual machine steps between two looks at the clock


class Sqlite(InProcess):
    def _find(self, table: mappings.Table, wanted: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        columns = sorted({*table.columns.values(), *wanted})
        names = ", ".join(_quoted(column) for column in columns)
        where = " AND ".join(f"{_quoted(column)} = ?" for column in wanted)
        statement = f"SELECT {names} FROM {_quoted(table.table or '')} WHERE {where}"  # noqa: S608
        try:
            base = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=SECONDS_MAX)
        except sqlite3.Error as error:
            raise Unavailable(f"{self.provider}: {error}") from error
        try:
            deadline = time.monotonic() + SECONDS_MAX
            base.set_progress_handler(lambda: time.monotonic() > deadline, _LOOK_EVERY)
            for values in base.execute(statement, tuple(wanted.values())):
                yield dict(zip(columns, values, strict=True))
        except sqlite3.Error as error:
            raise Unavailable(f"{self.provider}: {error}") from error
        finally:
            base.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
