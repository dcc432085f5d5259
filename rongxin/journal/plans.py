"""Let the server keep the plan of a statement that every request runs: planning costs more than running it.

Not for all statements: a kept plan rests on the tables as they were when it was made. For a look-up by key
that is always the right one; for a walk through a growing table (verification, filing) it soon is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def kept() -> Iterator[Any]:
    """Give a cursor whose statements are prepared on the connection and their plans used again."""
    with connection.cursor() as cursor:
        driver = connection.connection
        driver.prepare_threshold = 0
        try:
            yield cursor
        finally:
            driver.prepare_threshold = None
