"""The SQL of moving: every row of an item out, and rows in as they were, history included."""

from __future__ import annotations

OUT = """
SELECT subject_id, item_version, record_key, observed_on, received_at, filed_at, provider, batch_id, line,
       digest, payload::text, source::text, sealed, ended_at, ended_why, ended_by
FROM records_record WHERE item = %s ORDER BY id
"""

STAGED = (
    "number", "subject_id", "version", "record_key", "observed_on", "received_at", "filed_at", "provider",
    "batch", "line", "digest", "payload", "source", "sealed", "ended_at", "ended_why", "ended_by",
)  # fmt: skip

STAGING = (
    "DROP TABLE IF EXISTS pg_temp.moving_row",
    """
    CREATE TEMPORARY TABLE moving_row (
        number      bigint  PRIMARY KEY,
        subject_id  bigint  NOT NULL,
        version     smallint NOT NULL,
        record_key  text    NOT NULL COLLATE "C",
        observed_on date,
        received_at timestamptz NOT NULL,
        filed_at    timestamptz NOT NULL,
        provider    text    NOT NULL,
        batch       uuid    NOT NULL,
        line        integer NOT NULL,
        digest      bytea   NOT NULL,
        payload     jsonb   NOT NULL,
        source      jsonb   NOT NULL,
        sealed      bytea,
        ended_at    timestamptz,
        ended_why   text,
        ended_by    text,
        fate        text NOT NULL DEFAULT 'taken'
    ) ON COMMIT DROP
    """,
    "DROP TABLE IF EXISTS pg_temp.moving_taken",
    "CREATE TEMPORARY TABLE moving_taken (id bigint PRIMARY KEY) ON COMMIT DROP",
)

# The same row of the same batch, counting since the same moment: a row that a withdrawal brought back has
# batch and line of its first life and its own `filed_at`.
_ALREADY = """
UPDATE moving_row m SET fate = 'already' WHERE EXISTS (
    SELECT 1 FROM records_record r
    WHERE r.subject_id = m.subject_id AND r.item = %(item)s AND r.record_key = m.record_key
      AND r.batch_id = m.batch AND r.line = m.line AND r.filed_at = m.filed_at AND r.digest = m.digest
)
"""

# A bar that stands here holds against a row that counts, as it does against a delivery (records.rules.BARS).
_BARRED = """
UPDATE moving_row m SET fate = 'barred' WHERE m.fate = 'taken' AND m.ended_at IS NULL AND EXISTS (
    SELECT 1 FROM records_record r
    WHERE r.subject_id = m.subject_id AND r.item = %(item)s AND r.record_key = m.record_key
      AND r.ended_why IN ('corrected', 'repaired', 'publication_ended', 'removed_by_authority')
      AND (r.digest = m.digest
           OR (r.ended_why IN ('repaired', 'removed_by_authority') AND m.record_key <> ''))
      -- not the record's own past: what was moved with it
      AND NOT EXISTS (SELECT 1 FROM moving_taken t WHERE t.id = r.id)
)
"""

_HELD = """
UPDATE moving_row m SET fate = 'held' WHERE m.fate = 'taken' AND m.ended_at IS NULL AND (
    EXISTS (
        SELECT 1 FROM records_record r
        WHERE r.subject_id = m.subject_id AND r.item = %(item)s AND r.record_key = m.record_key
          AND r.ended_at IS NULL
    ) OR EXISTS (
        SELECT 1 FROM moving_row earlier
        WHERE earlier.subject_id = m.subject_id AND earlier.record_key = m.record_key
          AND earlier.fate = 'taken' AND earlier.ended_at IS NULL AND earlier.number < m.number
    )
)
"""

_FILE = """
WITH filed AS (
    INSERT INTO records_record (
        subject_id, received_at, filed_at, batch_id, line, observed_on, item_version, item, record_key,
        provider, digest, payload, source, sealed, ended_at, ended_why, ended_by
    )
    SELECT subject_id, received_at, filed_at, batch, line, observed_on, version, %(item)s, record_key,
           provider, digest, payload, source, sealed, ended_at, ended_why, ended_by
    FROM moving_row WHERE fate = 'taken' ORDER BY number
    RETURNING id
)
INSERT INTO moving_taken SELECT id FROM filed
"""

SETTLE = (_ALREADY, _BARRED, _HELD, _FILE)
FATES = "SELECT number, fate FROM moving_row ORDER BY number"

CONNECT = "INSERT INTO records_source (item, connected_at) VALUES (%s, %s) ON CONFLICT DO NOTHING"

SUM = """
SELECT sum((payload ->> %s)::numeric) FROM records_record WHERE batch_id = %s AND item = %s
"""
