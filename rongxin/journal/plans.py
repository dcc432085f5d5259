"""Let the server keep the plan of a statement that every request runs: planning costs more than running it.

Not for all statements: a kept plan rests on the tables as they were when it was made. For a look-up by key
that is always the right one; for a walk through a growing table (verification, filing) it soon is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Cursor

# Under this name a thread's way to the database keeps one cursor: to make one costs a quarter of a statement.
_KEPT = "rongxin_kept_cursor"


def rows(sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement whose plan is kept on the connection, and return its rows, none for one without.

    It takes part in Django's transaction and raises Django's errors, but goes past Django's cursor, which
    costs half as much again as the statement.
    """
    database = connections[DEFAULT_DB_ALIAS]  # `connection` would look this thread's up at every word
    if database.queries_logged:
        with database.cursor() as watched:
            watched.execute(sql, parameters)
            return watched.fetchall() if watched.description else []
    database.validate_no_broken_transaction()
    database.close_if_health_check_failed()
    database.ensure_connection()
    cursor: Cursor[tuple[Any, ...]] | None = getattr(database, _KEPT, None)
    if cursor is None or cursor.connection is not database.connection:
        cursor = database.connection.cursor()
        setattr(database, _KEPT, cursor)
    with database.wrap_database_errors:
        cursor.execute(sql, parameters, prepare=True)
        # `cursor.description` would describe every column, which costs more than to fetch a row.
        return cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []
