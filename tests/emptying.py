"""Emptying the tests' database between two transactional tests: only what holds rows, in one transaction.

Django truncates every table and makes its content types anew, which with some 140 tables costs a third of a
second a test; most tests write to ten. What Django itself keeps (content types, permissions) stays as it is.
"""

from __future__ import annotations

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

KEPT = {"auth_permission", "django_content_type", "django_migrations"}


def empty(connection: BaseDatabaseWrapper) -> None:
    """Delete every row of every model's table; no trigger and no foreign key is asked."""
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    tables = [connection.ops.quote_name(name) for name in sorted(names)]
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        filled = [name for (name,) in cursor.fetchall()]
        if filled:
            deletes = "; ".join(f"DELETE FROM {table}" for table in filled)
            cursor.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {deletes}; COMMIT")


def _teardown(case: TransactionTestCase) -> None:
    for alias in case._databases_names(include_mirrors=False):
        empty(connections[alias])


def instead_of_truncating() -> None:
    """Let transactional tests end this way."""
    TransactionTestCase._fixture_teardown = _teardown
