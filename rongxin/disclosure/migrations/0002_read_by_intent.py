"""The gate's way to what the store says of a subject: a committed intent, used once."""

from typing import Any

from django.db import migrations

# The database itself says when and in which transaction an intent was written. They stay empty in rows of
# before, which are therefore never read by. `written_in` is the whole transaction's number also inside a
# savepoint, where xmin is not.
WRITTEN = """
ALTER TABLE disclosure_intent ADD COLUMN written_at timestamptz, ADD COLUMN written_in xid8;
ALTER TABLE disclosure_intent
    ALTER COLUMN written_at SET DEFAULT clock_timestamp(),
    ALTER COLUMN written_in SET DEFAULT pg_current_xact_id();

CREATE TABLE disclosure_reading (intent uuid PRIMARY KEY);
"""

# It runs with its owner's rights, hence every name in it is one of pg_catalog or given with its schema, and
# a temporary table of the caller's comes last. Whoever reads and rolls back undoes the note that the intent
# was used, but learns nothing that this committed intent does not stand for; after five minutes, or once it
# has an outcome, not even that. The note itself need not reach the disk before the rows are given, so it
# costs no wait for the disk: the intent already did.
FUNCTION = """
CREATE FUNCTION {schema}.gate_read(asked uuid, wanted text[]) RETURNS TABLE (
    subject_id bigint, id bigint, item text, item_version smallint, payload text, provider text,
    batch_id uuid, line integer,
    observed_on date, received_at timestamptz, sealed bytea
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $gate$
#variable_conflict use_column
DECLARE
    intent record;
    at timestamptz;
BEGIN
    SELECT i.subject_id, i.items, i.asked_at, i.written_at, i.written_in, i.entry INTO intent
    FROM {schema}.disclosure_intent i WHERE i.id = asked;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'gate_read: intent % is unknown', asked USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF intent.written_in IS NOT DISTINCT FROM pg_current_xact_id_if_assigned() THEN
        RAISE EXCEPTION 'gate_read: intent % is not committed', asked USING ERRCODE = 'insufficient_privilege',
            HINT = 'commit the intent in a transaction of its own before anything is read';
    END IF;
    IF intent.written_in IS NULL OR intent.written_at < clock_timestamp() - interval '5 minutes' THEN
        RAISE EXCEPTION 'gate_read: intent % is too old', asked USING ERRCODE = 'insufficient_privilege',
            HINT = 'ask anew';
    END IF;
    IF NOT EXISTS (
        SELECT FROM {schema}.journal_entry e
        WHERE e.id = intent.entry AND e.kind = 'disclosure.intended'
          AND e.body::jsonb->'refs'->>'intent' = asked::text
          AND e.body::jsonb->'refs'->>'subject' = intent.subject_id::text
    ) THEN
        RAISE EXCEPTION 'gate_read: intent % is not in the journal', asked
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT intent.items @> to_jsonb(wanted) THEN
        RAISE EXCEPTION 'gate_read: intent % does not name all of %', asked, wanted
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO {schema}.disclosure_reading (intent) VALUES (asked) ON CONFLICT DO NOTHING;
    IF NOT FOUND OR EXISTS (SELECT FROM {schema}.disclosure_outcome o WHERE o.intent_id = asked) THEN
        RAISE EXCEPTION 'gate_read: intent % was used', asked USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- As things stand now: what ended since the request came in is gone.
    at := greatest(intent.asked_at, clock_timestamp());
    RETURN QUERY
        SELECT r.subject_id, r.id, r.item::text, r.item_version, r.payload::text, r.provider::text,
               r.batch_id, r.line, r.observed_on, r.received_at, r.sealed
        FROM {schema}.records_record r
        WHERE r.subject_id = intent.subject_id AND r.item = ANY (wanted)
          AND r.filed_at <= at AND (r.ended_at IS NULL OR r.ended_at > at)
        ORDER BY r.observed_on DESC NULLS LAST, r.id DESC;
END $gate$;
REVOKE ALL ON FUNCTION {schema}.gate_read(uuid, text[]) FROM PUBLIC;
"""


def create(apps: Any, schema_editor: Any) -> None:
    """Make the function in the schema of the tables, which it names in full."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
    schema_editor.execute(FUNCTION.replace("{schema}", schema), params=None)


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0001_initial"), ("records", "0003_sealed"), ("journal", "0001_initial")]

    operations = [
        migrations.RunSQL(
            WRITTEN,
            "DROP TABLE disclosure_reading;"
            "ALTER TABLE disclosure_intent DROP COLUMN written_at, DROP COLUMN written_in",
        ),
        migrations.RunPython(
            create,
            lambda apps, editor: editor.execute("DROP FUNCTION gate_read(uuid, text[])", params=None),
        ),
    ]
