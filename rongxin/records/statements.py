"""The SQL of filing: one statement, one question. Temporary tables last for the batch's transaction."""

from __future__ import annotations

from rongxin.records import source_statements
from rongxin.records.source_statements import OTHER_AUTHORITY, PLACE, SPOKEN, UNLISTED

# Dropped first, too: one transaction may file several batches (the demo city, a test).
STAGING = (
    "DROP TABLE IF EXISTS pg_temp.filing_staging, pg_temp.filing_finding, pg_temp.filing_held",
    """
    CREATE TEMPORARY TABLE filing_staging (
        line        integer NOT NULL,
        subject_id  bigint  NOT NULL,
        record_key  text    NOT NULL COLLATE "C",
        observed_on date,
        digest      bytea   NOT NULL,
        payload     jsonb   NOT NULL,
        source      jsonb   NOT NULL,
        sealed      bytea
    ) ON COMMIT DROP
    """,
    """
    CREATE TEMPORARY TABLE filing_finding (
        line          integer PRIMARY KEY,
        fate          text NOT NULL,
        other_line    integer,
        held_batch    uuid,
        held_on       date,
        held_provider text,
        ended_why     text
    ) ON COMMIT DROP
    """,
)

STAGED = ("line", "subject_id", "record_key", "observed_on", "digest", "payload", "source", "sealed")
COPY = f"COPY filing_staging ({', '.join(STAGED)}) FROM STDIN"

# Of the wide columns no plan depends on, and to sample them costs more than to settle the batch.
ANALYZE = "ANALYZE filing_staging (line, subject_id, record_key, observed_on, digest)"
# A million lines are compared with one another in memory; ends with the transaction.
MORE_MEMORY = "SET LOCAL work_mem = '128MB'"

# A record that was repaired, removed or corrected is not filed again (records.rules.BARS), unless the
# correction was taken back. An item with one
# record a subject has the empty key, which can't name a single entry: there only the content is barred.
_BARRED = """
INSERT INTO filing_finding (line, fate, held_batch, held_on, ended_why)
SELECT DISTINCT ON (s.line) s.line, 'barred', r.batch_id,
       (r.ended_at AT TIME ZONE 'Asia/Shanghai')::date, r.ended_why
FROM filing_staging s
JOIN records_record r ON r.subject_id = s.subject_id AND r.item = %(item)s AND r.record_key = s.record_key
WHERE r.ended_why IN ('corrected', 'repaired', 'publication_ended', 'removed_by_authority')
  AND (r.digest = s.digest
       OR (r.ended_why IN ('repaired', 'removed_by_authority') AND s.record_key <> ''))
  AND NOT (r.ended_why = 'corrected' AND EXISTS (
      SELECT 1 FROM records_withdrawal w WHERE r.ended_by = 'batch:' || w.batch_id
  ))
ORDER BY s.line, r.id DESC
"""

# Lines of one file that name the same record (for a state: of the same day). Equal ones are the first and
# its duplicates; of unequal ones nobody can say which is right, so each is handed back with the other's line.
_REPEATED = """
INSERT INTO filing_finding (line, fate, other_line)
WITH repeated AS MATERIALIZED (
    SELECT subject_id, record_key FROM filing_staging GROUP BY 1, 2 HAVING count(*) > 1
), rows AS (
    SELECT s.line, s.subject_id, s.record_key, s.digest,
           CASE WHEN %(is_state)s THEN coalesce(s.observed_on, %(today)s) END AS day
    FROM filing_staging s JOIN repeated USING (subject_id, record_key)
    WHERE NOT EXISTS (SELECT 1 FROM filing_finding f WHERE f.line = s.line)
), firsts AS (
    SELECT rows.*, first_value(line) OVER same AS first_line, first_value(digest) OVER same AS first_digest
    FROM rows WINDOW same AS (PARTITION BY subject_id, record_key, day ORDER BY line)
), compared AS (
    SELECT firsts.*, min(line) FILTER (WHERE digest <> first_digest) OVER (
        PARTITION BY subject_id, record_key, day
    ) AS unequal_line
    FROM firsts
)
SELECT line,
       CASE WHEN unequal_line IS NOT NULL THEN 'conflict_in_file' ELSE 'duplicate_in_file' END,
       CASE WHEN unequal_line IS NOT NULL AND digest = first_digest THEN unequal_line ELSE first_line END
FROM compared
WHERE unequal_line IS NOT NULL OR line > first_line
"""

# Of several states of one subject in a file, the latest is the candidate; the others are history.
_EARLIER_STATES = """
INSERT INTO filing_finding (line, fate, other_line)
SELECT line, 'history', latest_line FROM (
    SELECT s.line, first_value(s.line) OVER (
        PARTITION BY s.subject_id, s.record_key ORDER BY coalesce(s.observed_on, %(today)s) DESC, s.line DESC
    ) AS latest_line
    FROM filing_staging s
    WHERE %(is_state)s AND NOT EXISTS (SELECT 1 FROM filing_finding f WHERE f.line = s.line)
) states
WHERE line <> latest_line
"""

# Authorities and places are looked at only where the held row is another source's.
_HELD = f"""
CREATE TEMPORARY TABLE filing_held ON COMMIT DROP AS
SELECT s.line, r.subject_id, r.id, r.provider, r.batch_id,
       (r.received_at AT TIME ZONE 'Asia/Shanghai')::date AS received_on,
       coalesce(r.observed_on, (r.received_at AT TIME ZONE 'Asia/Shanghai')::date) AS held_on,
       CASE
           WHEN r.provider <> %(provider)s THEN CASE
               WHEN {OTHER_AUTHORITY} THEN 'other_authority'
               WHEN %(place)s < {PLACE} THEN 'supersedes'
               ELSE 'known'
           END
           WHEN r.digest = s.digest THEN 'duplicate'
           WHEN coalesce(s.observed_on, %(today)s)
                < coalesce(r.observed_on, (r.received_at AT TIME ZONE 'Asia/Shanghai')::date)
           THEN CASE WHEN %(is_state)s THEN 'history' ELSE 'older' END
           ELSE 'supersedes'
       END AS fate
FROM filing_staging s
JOIN records_record r ON r.subject_id = s.subject_id AND r.item = %(item)s AND r.record_key = s.record_key
WHERE r.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM filing_finding f WHERE f.line = s.line)
"""  # noqa: S608

_AGAINST_HELD = """
INSERT INTO filing_finding (line, fate, held_batch, held_on, held_provider)
SELECT line, fate, batch_id, CASE WHEN fate = 'known' THEN received_on ELSE held_on END, provider
FROM filing_held WHERE fate <> 'supersedes'
"""

# An older state that history has already is a duplicate; one from a withdrawn batch is as good as absent.
_KNOWN_HISTORY = """
UPDATE filing_finding f SET fate = 'duplicate', held_batch = known.batch_id
FROM (
    SELECT DISTINCT ON (s.line) s.line, r.batch_id
    FROM filing_finding h
    JOIN filing_staging s ON s.line = h.line
    JOIN records_record r ON r.subject_id = s.subject_id AND r.item = %(item)s
        AND r.record_key = s.record_key AND r.digest = s.digest AND r.provider = %(provider)s
    WHERE h.fate = 'history' AND (r.ended_at IS NULL OR r.ended_why = 'superseded')
      AND NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.batch_id = r.batch_id)
    ORDER BY s.line, r.id
) known
WHERE f.line = known.line
"""

SETTLE = (_BARRED, _REPEATED, _EARLIER_STATES, _HELD, _AGAINST_HELD, _KNOWN_HISTORY)

SUPERSEDE = """
UPDATE records_record r
SET ended_at = %(as_of)s, ended_why = 'superseded', ended_by = %(by)s
FROM filing_held h
WHERE h.fate = 'supersedes' AND r.subject_id = h.subject_id AND r.id = h.id AND r.ended_at IS NULL
"""

_COLUMNS = """
    subject_id, received_at, filed_at, batch_id, line, observed_on, item_version, item, record_key, provider,
    digest, payload, source, sealed"""

_ROW = """
    s.subject_id, %(received_at)s, %(as_of)s, %(batch)s, s.line, s.observed_on, %(version)s, %(item)s,
    s.record_key, %(provider)s, s.digest, s.payload, s.source, s.sealed"""

# A batch of many rows has taken its ids together (`lake_ahead`); others take the next.
_ID = "coalesce(s.line + %(beyond_line)s::bigint, nextval('records_record_id_seq'))"

FILE_ALL = f"INSERT INTO records_record (id, {_COLUMNS}) SELECT {_ID}, {_ROW} FROM filing_staging s"  # noqa: S608

FILE = f"""
INSERT INTO records_record (id, {_COLUMNS}, ended_at, ended_why, ended_by)
SELECT {_ID}, {_ROW},
       CASE WHEN f.fate = 'history' THEN %(as_of)s::timestamptz END,
       CASE WHEN f.fate = 'history' THEN 'superseded' END,
       CASE WHEN f.fate = 'history' THEN coalesce('batch:' || f.held_batch, %(by)s) END
FROM filing_staging s LEFT JOIN filing_finding f ON f.line = s.line
WHERE f.line IS NULL OR f.fate = 'history'
"""  # noqa: S608

STAND_BY = source_statements.stand_by(_COLUMNS, _ROW)

CONNECT = """
INSERT INTO records_source (item, connected_at) VALUES (%(item)s, %(as_of)s) ON CONFLICT DO NOTHING
"""

# What a provider's full list covers of the store: its own live rows, none from a batch newer than the list,
# none dated after it; of a list per key (A级名单 of a year) only the keys that it speaks of.
_LISTED = """
FROM records_record r
WHERE r.item = %(item)s AND r.provider = %(provider)s AND r.ended_at IS NULL
  AND r.batch_id <> %(batch)s AND r.batch_id <> ALL(%(newer)s)
  AND (r.observed_on IS NULL OR r.observed_on <= %(listed_on)s)
  AND (NOT %(by_key)s OR r.record_key IN (SELECT record_key FROM filing_staging))
"""

# Superseded rows have ended by then, so those that the list names in other words stand with its own batch.
COUNT_LISTED = f"SELECT count(*) {_LISTED}"
# Of these, those that were the provider's own: another source's rows are none that its list may end.
COUNT_OWN_SUPERSEDED = (
    "SELECT count(*) FROM filing_held WHERE fate = 'supersedes' AND provider = %(provider)s"
)

DELIST = f"""
UPDATE records_record SET ended_at = %(as_of)s, ended_why = 'delisted', ended_by = %(by)s
WHERE ended_at IS NULL AND (subject_id, id) IN (
    SELECT r.subject_id, r.id {_LISTED}
      AND NOT EXISTS (
          SELECT 1 FROM filing_staging s WHERE s.subject_id = r.subject_id AND s.record_key = r.record_key
      )
)
"""  # noqa: S608

COUNT_FOUND = "SELECT count(*) FROM filing_finding"
COUNT_HISTORY = "SELECT count(*) FROM filing_finding WHERE fate = 'history'"

# A record's first rows: neither a later version of one that is held nor an older one of its history.
FIRST_FILED = """
SELECT s.observed_on, count(*) FROM filing_staging s
WHERE NOT EXISTS (SELECT 1 FROM filing_finding f WHERE f.line = s.line)
  AND NOT EXISTS (SELECT 1 FROM filing_held h WHERE h.line = s.line AND h.fate = 'supersedes')
GROUP BY s.observed_on
"""

FINDINGS = """
SELECT line, fate, other_line, held_batch, held_on, held_provider, ended_why
FROM filing_finding WHERE line > %s ORDER BY line LIMIT %s
"""

ITEMS_OF = "SELECT id, item FROM records_record WHERE subject_id = %s AND id = ANY(%s)"

END = """
UPDATE records_record SET ended_at = %s, ended_why = %s, ended_by = %s
WHERE subject_id = %s AND id = ANY(%s) AND ended_at IS NULL
RETURNING id
"""

WITHDRAW = """
INSERT INTO records_withdrawal (batch_id, actor, withdrawn_at) VALUES (%(batch)s, %(actor)s, %(as_of)s)
ON CONFLICT DO NOTHING
"""

DROP_ENDED = "DROP TABLE IF EXISTS pg_temp.filing_ended"
CREATE_ENDED = """
CREATE TEMPORARY TABLE filing_ended (subject_id bigint, item text COLLATE "C", record_key text COLLATE "C")
ON COMMIT DROP
"""

END_BATCH = """
WITH ended AS (
    UPDATE records_record SET ended_at = %(as_of)s, ended_why = 'withdrawn', ended_by = %(by)s
    WHERE batch_id = %(batch)s AND ended_at IS NULL
    RETURNING subject_id, item, record_key
)
INSERT INTO filing_ended SELECT * FROM ended
"""

# What lists that were taken back had ended, or corrections while a list stood, where nothing counts by now.
RELIST = tuple(
    f"""
INSERT INTO filing_ended
SELECT r.subject_id, r.item, r.record_key
FROM records_record r
WHERE r.ended_why = '{why}' AND r.item = %(item)s AND r.provider = %(provider)s
  AND EXISTS (SELECT 1 FROM records_withdrawal w WHERE r.ended_by = 'batch:' || w.batch_id)
  AND NOT EXISTS (
      SELECT 1 FROM records_record live
      WHERE live.subject_id = r.subject_id AND live.item = r.item AND live.record_key = r.record_key
        AND live.ended_at IS NULL
  )
"""  # noqa: S608
    for why in ("delisted", "corrected")
)


def _listed_since(row: str) -> str:
    """Whether a full list that counts came after a row had ended and, as it was not there, didn't end it."""
    return f"""EXISTS (
          SELECT 1
          FROM unnest(
              %(lists)s::uuid[], %(lists_at)s::timestamptz[], %(lists_on)s::date[], %(lists_by)s::text[]
          ) list (id, at, day, provider)
          WHERE {row}.provider = list.provider AND list.at > {row}.ended_at
          AND ({row}.observed_on IS NULL OR {row}.observed_on <= list.day)
            AND NOT EXISTS (
                SELECT 1 FROM records_record named
                WHERE named.subject_id = {row}.subject_id AND named.item = {row}.item
                  AND named.record_key = {row}.record_key AND named.batch_id = list.id
            )
            AND (NOT %(lists_by_key)s OR EXISTS (
                SELECT 1 FROM spoken WHERE spoken.list = list.id AND spoken.record_key = {row}.record_key
            ))
      )"""  # noqa: S608


# A row that a person matched and took back (`unmatching`), and one that such a row had superseded: of a batch
# and a record key there is one row a subject at a time, so the two name it.
_UNMATCHED = """EXISTS (
          SELECT 1 FROM records_unmatching u
          WHERE u.batch_id = r.batch_id AND u.line = r.line AND u.subject_id = r.subject_id
            AND r.id <= u.through_id
      )"""
_BY_UNMATCHED = """EXISTS (
          SELECT 1 FROM records_unmatching u
          WHERE r.ended_by = 'batch:' || u.batch_id AND u.subject_id = r.subject_id
            AND u.record_key = r.record_key AND r.id <= u.through_id
      )"""

# A provider may take back one row of a batch (`row_endings`). Of a batch there is one live row a record at a
# time, so the batch and the record name it.
_WITHDRAWN_ROW = """EXISTS (
          SELECT 1 FROM records_record gone
          WHERE gone.subject_id = r.subject_id AND gone.item = r.item AND gone.record_key = r.record_key
            AND gone.batch_id = r.batch_id AND gone.line = r.line AND gone.ended_why = 'withdrawn'
      )"""
_BY_WITHDRAWN_ROW = """EXISTS (
          SELECT 1 FROM records_record gone
          WHERE gone.subject_id = r.subject_id AND gone.item = r.item AND gone.record_key = r.record_key
            AND r.ended_by = 'batch:' || gone.batch_id AND gone.ended_why = 'withdrawn'
            AND (gone.id > r.id OR gone.provider <> r.provider)
      )"""

# Something became of the record after the row: an ending that stands, whatever row it was said of. What is
# withdrawn takes only itself away, not what came after it.
_OVER_SINCE = f"""EXISTS (
          SELECT 1 FROM records_record since
          WHERE since.subject_id = r.subject_id AND since.item = r.item AND since.record_key = r.record_key
            AND since.id > r.id
            AND (since.ended_why IN ('repaired', 'publication_ended', 'removed_by_authority')
                 OR since.ended_why IN ('not_in_source', 'agreement_over') AND since.provider = r.provider
                 OR since.ended_why IN ('corrected', 'delisted') AND since.provider = r.provider AND (
                     NOT EXISTS (
                         SELECT 1 FROM records_withdrawal w WHERE since.ended_by = 'batch:' || w.batch_id
                     )
                     OR {_listed_since("since")}
                 ))
      )"""  # noqa: S608

# What stood before the batch stands again: a row that this batch had superseded, or one that a batch
# withdrawn since had superseded in its turn; never one of a withdrawn batch, nor a barred one, nor one whose
# record is over for another reason. It comes back as a new row with its own provenance (batch, line,
# receipt), counting from the day of the withdrawal. Of several sources the one that comes first among them
# has the say, whatever the dates.
REINSTATE = f"""
WITH {SPOKEN}
INSERT INTO records_record ({_COLUMNS})
SELECT subject_id, received_at, %(as_of)s, batch_id, line, observed_on, item_version, item, record_key,
       provider, digest, payload, source, sealed
FROM (
    SELECT DISTINCT ON (r.subject_id, r.item, r.record_key) r.*
    FROM filing_ended e
    JOIN records_record r USING (subject_id, item, record_key)
    WHERE (r.ended_why IN ('superseded', 'delisted', 'corrected')
           AND EXISTS (SELECT 1 FROM records_withdrawal w WHERE r.ended_by = 'batch:' || w.batch_id)
           AND NOT (r.ended_why <> 'superseded' AND {_listed_since("r")})
           OR r.ended_why = 'superseded' AND ({_BY_UNMATCHED} OR {_BY_WITHDRAWN_ROW}))
      AND NOT EXISTS (SELECT 1 FROM records_withdrawal w WHERE w.batch_id = r.batch_id)
      AND NOT {_UNMATCHED}
      AND NOT {_WITHDRAWN_ROW}
      AND NOT {UNLISTED}
      AND NOT {_OVER_SINCE}
      AND NOT EXISTS (
          SELECT 1 FROM records_record bar
          WHERE bar.subject_id = r.subject_id AND bar.item = r.item AND bar.record_key = r.record_key
            AND bar.ended_why IN ('corrected', 'repaired', 'publication_ended', 'removed_by_authority')
            AND (bar.digest = r.digest
                 OR (bar.ended_why IN ('repaired', 'removed_by_authority') AND r.record_key <> ''))
            AND NOT (bar.ended_why = 'corrected' AND EXISTS (
                SELECT 1 FROM records_withdrawal w WHERE bar.ended_by = 'batch:' || w.batch_id
            ))
      )
    ORDER BY r.subject_id, r.item, r.record_key, {PLACE},
             coalesce(r.observed_on, (r.received_at AT TIME ZONE 'Asia/Shanghai')::date) DESC, r.id DESC
) earlier
"""  # noqa: S608

FACTS_OF = """
SELECT subject_id, item, batch_id, line, payload::text, sealed FROM records_record
WHERE batch_id = %s AND item = %s AND ended_at IS NULL
"""

# Beside each row that a withdrawal ended, the one that counts now; of an item with one record a subject.
FACTS_TAKEN_BACK = """
SELECT gone.subject_id, gone.item, gone.batch_id, gone.line, gone.payload::text, gone.sealed,
       held.subject_id, held.item, held.batch_id, held.line, held.payload::text, held.sealed
FROM records_record gone
LEFT JOIN records_record held
    ON held.subject_id = gone.subject_id AND held.item = gone.item AND held.ended_at IS NULL
WHERE gone.batch_id = %s AND gone.item = %s AND gone.ended_why = 'withdrawn'
"""
