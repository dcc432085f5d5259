"""The SQL of several sources of one record: which counts, what stands by, and what no longer does ((五))."""

from __future__ import annotations

# Where two sources name the deciding authority by the same field and differently, it may be another decision.
OTHER_AUTHORITY = """(
    SELECT s.payload ->> named.field <> r.payload ->> named.field
    FROM unnest(%(decided_by)s::text[]) WITH ORDINALITY AS named (field, place)
    WHERE s.payload ? named.field AND r.payload ? named.field
    ORDER BY named.place LIMIT 1
)"""

# A provider's place among the sources of the item (records.rules.Precedence).
PLACE = "coalesce((%(places)s::jsonb ->> r.provider)::integer, %(others)s)"

# A row of a source that another one holds can't end a second time: what its own full list leaves out is noted
# beside it, and counts as long as that list is not withdrawn.
UNLISTED = """EXISTS (
          SELECT 1 FROM records_unlisting u
          WHERE u.subject_id = r.subject_id AND u.item = r.item AND u.record_key = r.record_key
            AND u.provider = r.provider AND r.id <= u.through_id
            AND NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.batch_id = u.batch_id)
      )"""


def stand_by(columns: str, row: str) -> str:
    """Return the statement that keeps what another source shares already: it never counts while that one
    does, and takes its place when that one is withdrawn. Handed in again word for word it stands by already,
    unless other words came in between.

    The rows that are known come first, by themselves: left to choose, PostgreSQL asks for the words of each
    row of the file, known or not, and one line twice made a file of 100,000 take a minute more.
    """
    return f"""
WITH known AS MATERIALIZED (
    SELECT s.*, f.held_batch FROM filing_finding f JOIN filing_staging s ON s.line = f.line
    WHERE f.fate = 'known'
)
INSERT INTO records_record ({columns}, ended_at, ended_why, ended_by)
SELECT {row}, %(as_of)s, 'superseded', 'batch:' || s.held_batch
FROM known s
WHERE s.digest IS DISTINCT FROM (
    SELECT r.digest FROM records_record r
    WHERE r.subject_id = s.subject_id AND r.item = %(item)s AND r.record_key = s.record_key
      AND r.provider = %(provider)s AND r.ended_why = 'superseded'
      AND NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.batch_id = r.batch_id)
      AND NOT {UNLISTED}
    ORDER BY r.id DESC LIMIT 1
)
"""  # noqa: S608


# What stands by of a provider's rows and its full list covers; once a record, and none that it has a live row
# of. Of those the list doesn't name, as many are over by it as if they had counted.
COUNT_STANDING_BY = f"""
SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (
    SELECT 1 FROM filing_staging s WHERE s.subject_id = r.subject_id AND s.record_key = r.record_key
))
FROM (
    SELECT DISTINCT r.subject_id, r.record_key
    FROM records_record r
    WHERE r.item = %(item)s AND r.provider = %(provider)s AND r.ended_why = 'superseded'
      AND r.batch_id <> %(batch)s AND r.batch_id <> ALL(%(newer)s)
      AND (r.observed_on IS NULL OR r.observed_on <= %(listed_on)s)
      AND (NOT %(by_key)s OR r.record_key IN (SELECT record_key FROM filing_staging))
      AND NOT EXISTS (
          SELECT 1 FROM records_record own
          WHERE own.subject_id = r.subject_id AND own.item = r.item AND own.record_key = r.record_key
            AND own.provider = r.provider
            AND (own.ended_at IS NULL OR r.ended_by = 'batch:' || own.batch_id)
      )
      AND NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.batch_id = r.batch_id)
      AND NOT {UNLISTED}
) r
"""  # noqa: S608

# What stands by and the provider's full list doesn't name: whoever withdraws the other source's batch later
# must not revive it.
UNLIST = """
INSERT INTO records_unlisting (subject_id, item, record_key, provider, batch_id, through_id)
SELECT r.subject_id, r.item, r.record_key, r.provider, %(batch)s, max(r.id)
FROM records_record r
WHERE r.item = %(item)s AND r.provider = %(provider)s AND r.ended_why = 'superseded'
  AND r.batch_id <> %(batch)s AND r.batch_id <> ALL(%(newer)s)
  AND (r.observed_on IS NULL OR r.observed_on <= %(listed_on)s)
  AND (NOT %(by_key)s OR r.record_key IN (SELECT record_key FROM filing_staging))
  AND NOT EXISTS (
      SELECT 1 FROM records_record own
      WHERE own.subject_id = r.subject_id AND own.item = r.item AND own.record_key = r.record_key
        AND own.provider = r.provider AND r.ended_by = 'batch:' || own.batch_id
  )
  AND NOT EXISTS (
      SELECT 1 FROM filing_staging s WHERE s.subject_id = r.subject_id AND s.record_key = r.record_key
  )
  AND NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.batch_id = r.batch_id)
GROUP BY r.subject_id, r.item, r.record_key, r.provider
"""


# What stood by and only this list, taken back now, had left out.
RELIST = """
INSERT INTO filing_ended
SELECT u.subject_id, u.item, u.record_key FROM records_unlisting u
WHERE u.batch_id = %(batch)s AND NOT EXISTS (
    SELECT 1 FROM records_record live
    WHERE live.subject_id = u.subject_id AND live.item = u.item AND live.record_key = u.record_key
      AND live.ended_at IS NULL
)
"""

# Had the batch not ended it, a better source's row would have kept this one standing by.
STEP_ASIDE = f"""
UPDATE records_record held SET ended_at = %(as_of)s, ended_why = 'superseded', ended_by = %(by)s
FROM records_record r
WHERE r.ended_why IN ('delisted', 'corrected') AND r.ended_by = %(by)s
  AND held.subject_id = r.subject_id AND held.item = r.item AND held.record_key = r.record_key
  AND held.ended_at IS NULL AND held.provider <> r.provider
  AND {PLACE} < coalesce((%(places)s::jsonb ->> held.provider)::integer, %(others)s)
"""  # noqa: S608

# The record keys that lists per key speak of: gathered once, for a row at a time it would be a walk through
# the store for each.
SPOKEN = """
spoken AS MATERIALIZED (
    SELECT list.id AS list, r.record_key
    FROM unnest(%(lists)s::uuid[]) list (id)
    JOIN records_record r ON r.batch_id = list.id
    WHERE %(lists_by_key)s AND r.item IN (SELECT item FROM filing_ended)
    UNION
    SELECT list.id, r.record_key
    FROM unnest(%(lists)s::uuid[]) list (id)
    JOIN records_record r ON r.ended_by = 'batch:' || list.id
    WHERE %(lists_by_key)s AND r.item IN (SELECT item FROM filing_ended)
)"""
