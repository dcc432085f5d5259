"""The SQL of one row: which one a line of a batch is, and what stood before a correction taken back."""

from __future__ import annotations

# A row that a withdrawal brought back keeps its batch and line: the live one counts, else the last that did.
ROW_OF = """
SELECT id, subject_id, item, batch_id, line, payload::text, source::text, sealed,
       digest, ended_why, ended_by
FROM records_record
WHERE batch_id = %s AND line = %s AND item = %s
ORDER BY ended_at IS NOT NULL, id DESC
LIMIT 1
"""

LIVE_OF = """
SELECT batch_id, line, id, subject_id FROM records_record
WHERE batch_id = ANY(%s) AND item = %s AND ended_at IS NULL
ORDER BY subject_id, id
"""

TALLY_OF = """
SELECT count(*), coalesce(array_agg(DISTINCT subject_id), '{}') FROM records_record
WHERE batch_id = ANY(%s) AND item = %s AND ended_at IS NULL
"""

TALLY_BEHIND = """
SELECT count(*), coalesce(array_agg(DISTINCT subject_id), '{}') FROM records_record
WHERE id > %s AND item = %s AND ended_at IS NULL
"""

NAME_ENDED = """
INSERT INTO filing_ended
SELECT subject_id, item, record_key FROM records_record WHERE subject_id = %(subject)s AND id = %(record)s
"""

# What a correction had ended stood under another key, or another firm, perhaps; unless the record has come
# again since.
UNCORRECT = """
INSERT INTO filing_ended
SELECT r.subject_id, r.item, r.record_key
FROM records_record r
WHERE r.ended_why = 'corrected' AND r.ended_by = 'batch:' || %(batch)s
  AND NOT EXISTS (
      SELECT 1 FROM records_record live
      WHERE live.subject_id = r.subject_id AND live.item = r.item AND live.record_key = r.record_key
        AND live.ended_at IS NULL
  )
"""
