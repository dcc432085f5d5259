"""The lake takes up what was filed since the last time without reading all that was filed before."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import connection

from rongxin.catalogue import loader
from rongxin.records import lake_columns, lake_files

ITEM, ROWS = "administrative_penalty", 100_000
MANY = """
INSERT INTO records_record (subject_id, received_at, filed_at, batch_id, line, item_version, item, record_key,
                            provider, digest, payload, source)
SELECT %s, now(), now(), gen_random_uuid(), n, 1, %s, n::text, 'bureau', '', '{}', '{}'
FROM generate_series(1, %s) n
"""
# As autovacuum does after a while.
SUMMARIZE = """
SELECT count(brin_summarize_new_values(indexrelid)) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'records_record'::regclass)
  AND relam = (SELECT oid FROM pg_am WHERE amname = 'brin')
"""
KEY_BLOCKS = """
SELECT max(pg_relation_size(indexrelid)) / 8192 FROM pg_index
WHERE indisprimary AND indrelid IN (
    SELECT inhrelid FROM pg_inherits WHERE inhparent = 'records_record'::regclass
)
"""


@pytest.mark.django_db(transaction=True)
def test_few_blocks_are_read_for_the_newest_rows(subject: Callable[[], int]) -> None:
    """Nor is the key read, which begins with the subject and so must be read whole to find the newest ids."""
    columns = lake_columns.of(loader.load().item(ITEM))
    with connection.cursor() as cursor:
        cursor.execute(MANY, [subject(), ITEM, ROWS])
        cursor.execute("ANALYZE records_record")
        cursor.execute(SUMMARIZE)
        cursor.execute("SELECT max(id) FROM records_record")
        (newest,) = cursor.fetchone()
        statement = lake_files._statement(ITEM, columns, newest - 10, newest, (0, 0))
        copy = statement.as_string(connection.connection)
        select = copy[copy.index("(") + 1 : copy.rindex(") TO STDOUT")]
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {select}")
        told = cursor.fetchone()[0]
        plan = (told if isinstance(told, list) else json.loads(told))[0]["Plan"]
        cursor.execute(KEY_BLOCKS)
        (of_key,) = cursor.fetchone()
    assert plan["Actual Rows"] == 10
    assert (plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]) * 2 < of_key
