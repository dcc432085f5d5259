"""Tables of the node on their way out, row for row: for whoever must look something up, never taken in.

A sealed text leaves in a box for the recipient, every other run of bytes (a hash) as hexadecimal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from psycopg import sql

from rongxin.journal import keyring
from rongxin.journal.sealing import SealedColumn

#: Closes a sealed text for the recipient, bound to its place.
Close = Callable[[bytes, tuple[str, ...]], str]
_AT_ONCE = 2_000
_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position
"""


@dataclass(frozen=True)
class Table:
    """A table to be archived, without some of its columns; `sealed` are those that the data keys seal."""

    name: str
    without: tuple[str, ...] = ()
    sealed: tuple[SealedColumn, ...] = ()


def rows(table: Table, codes: Mapping[int, str], close: Close) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table by its key; `codes` gives a subject's unified code beside its number here."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [table.name])
        types = {name: kind for name, kind in cursor.fetchall() if name not in table.without}
        key = connection.introspection.get_primary_key_columns(cursor, table.name) or list(types)
    opened = {one.column: one for one in table.sealed}
    statement = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        _names(types), sql.Identifier(table.name), _names(key)
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while found := cursor.fetchmany(_AT_ONCE):
            for values in found:
                row = dict(zip(types, values, strict=True))
                made = {name: _plain(value, types[name]) for name, value in row.items() if name not in opened}
                for name, column in opened.items():
                    made[name] = _boxed(row, column, close)
                yield made | ({"subject": codes.get(row["subject_id"], "")} if "subject_id" in row else {})


def _names(names: Any) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _boxed(row: Mapping[str, Any], column: SealedColumn, close: Close) -> str | None:
    sealed = row[column.column]
    if sealed is None:
        return None
    place = column.place(tuple(row[name] for name in (*column.key, *column.beside)))
    return close(keyring.data_keys().open(bytes(sealed), place=place), tuple(map(str, place)))


def _plain(value: Any, kind: str) -> Any:
    """Return a value of the database as JSON has it."""
    if value is None or isinstance(value, bool | int):
        return value
    if kind in ("json", "jsonb"):
        return json.loads(value) if isinstance(value, str) else value
    if isinstance(value, list):
        return [_plain(one, "") for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value if isinstance(value, str | dict) else str(value)
