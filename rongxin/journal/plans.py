"""Let the server keep the plan of a statement that every request runs: planning costs more than running it.

Not for all statements: a kept plan rests on the tables as they were when it was made. For a look-up by key
that is always the right one; for a walk through a growing table (verification, filing) it soon is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection


def rows(sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement whose plan is kept on the connection, and return its rows, none for one without.

    It takes part in Django's transaction and raises Django's errors, but goes past Django's cursor, which
    costs half as much again as the statement.
    """
    if connection.queries_logged:
        with connection.cursor() as watched:
            watched.execute(sql, parameters)
            return watched.fetchall() if watched.description else []
    connection.validate_no_broken_transaction()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = connection.connection.execute(sql, parameters, prepare=True)
        return cursor.fetchall() if cursor.description else []
