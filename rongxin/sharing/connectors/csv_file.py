"""A provider whose store is a folder of CSV files, in an encoding of its own."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping
from typing import Any

from rongxin.sharing.connectors import mapping as mappings
from rongxin.sharing.connectors.in_process import SECONDS_MAX, InProcess
from rongxin.sharing.connectors.query import Unavailable

_LOOK_EVERY = 5000


class CsvFile(InProcess):
    def _find(self, table: mappings.Table, wanted: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        deadline = time.monotonic() + SECONDS_MAX
        columns = {*table.columns.values(), *wanted}
        try:
            with (self._path / (table.file or "")).open(encoding=self._mapping.encoding, newline="") as file:
                reader = csv.DictReader(file)
                if missing := columns - set(reader.fieldnames or ()):
                    raise Unavailable(f"{self.provider}: {table.file} has no column {sorted(missing)}")
                for number, row in enumerate(reader):
                    if number % _LOOK_EVERY == 0 and time.monotonic() > deadline:
                        raise Unavailable(f"{self.provider}: no answer within {SECONDS_MAX:g} s")
                    if all(row[column] == value for column, value in wanted.items()):
                        yield row
        except (OSError, UnicodeError, csv.Error) as error:
            raise Unavailable(f"{self.provider}: {error}") from error
