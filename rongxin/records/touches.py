"""Whose facts an act changed: told to those who keep something that was made of them."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

# A row that a batch superseded has a row of that batch in its place; what its full list left out has none.
_OF_BATCH = """
SELECT subject_id FROM records_record WHERE batch_id = %(batch)s
UNION
SELECT subject_id FROM records_record
WHERE item = %(item)s AND ended_why = 'delisted' AND ended_by = 'batch:' || %(batch)s::text
"""
_OF_ACT = "SELECT DISTINCT subject_id FROM records_record WHERE item = %s AND ended_by = %s"


def of_batch(batch_id: UUID, item: str) -> set[int]:
    """Return the subjects of whom a batch of an item brought, ended or took back a row."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_BATCH, {"batch": batch_id, "item": item})
        return {subject for (subject,) in cursor.fetchall()}


def of_act(item: str, ended_by: str) -> set[int]:
    """Return the subjects of whom an act ("agreement:<id>") ended rows of an item; it reads them all."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_ACT, [item, ended_by])
        return {subject for (subject,) in cursor.fetchall()}
