"""The gate's way to a subject's score: by a committed intent that names it, before its outcome."""

from typing import Any

from django.db import migrations

# As `gate_read` it runs with its owner's rights. A score that rests on a record which has since been repaired,
# corrected or removed is not given: the worker makes a new one within the minute, and until then there is none.
FUNCTION = """
CREATE FUNCTION {schema}.gate_score(asked uuid) RETURNS TABLE (
    run bigint, subject_id bigint, tier text, version text, as_of date, facts_at timestamptz,
    score smallint, grade text, public_grade text, coverage smallint, confidence text, vetoes bigint,
    inputs text, inputs_hash text, overtaken boolean
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $gate$
#variable_conflict use_column
DECLARE
    intent record;
BEGIN
    SELECT i.subject_id, i.items, i.written_at, i.written_in, i.asked_at INTO intent
    FROM {schema}.disclosure_intent i WHERE i.id = asked;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'gate_score: intent % is unknown', asked USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF intent.written_in IS NULL
       OR intent.written_in IS NOT DISTINCT FROM pg_current_xact_id_if_assigned()
       OR intent.written_at < clock_timestamp() - interval '5 minutes' THEN
        RAISE EXCEPTION 'gate_score: intent % is not committed, or too old', asked
            USING ERRCODE = 'insufficient_privilege', HINT = 'ask anew';
    END IF;
    IF NOT intent.items @> '["credit_evaluation"]'::jsonb THEN
        RAISE EXCEPTION 'gate_score: intent % does not name credit_evaluation', asked
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM {schema}.disclosure_outcome o WHERE o.intent_id = asked) THEN
        RAISE EXCEPTION 'gate_score: intent % was used', asked USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
        SELECT r.id, s.subject_id, r.tier::text, r.version::text, r.as_of, r.facts_at,
               s.score, s.grade::text, s.public_grade::text, s.coverage, s.confidence::text, s.vetoes,
               s.inputs, s.inputs_hash::text,
               EXISTS (
                   SELECT FROM {schema}.records_record gone
                   WHERE gone.subject_id = intent.subject_id AND gone.ended_at > r.facts_at
                     AND gone.ended_why <> 'superseded'
               )
        FROM {schema}.evaluation_score s JOIN {schema}.evaluation_run r ON r.id = s.run_id
        WHERE s.subject_id = intent.subject_id AND r.tier = 'public' AND r.state = 'published'
          AND r.as_of <= (intent.asked_at AT TIME ZONE 'Asia/Shanghai')::date
        ORDER BY r.as_of DESC, r.facts_at DESC, r.id DESC LIMIT 1;
END $gate$;
REVOKE ALL ON FUNCTION {schema}.gate_score(uuid) FROM PUBLIC;
"""


def create(apps: Any, schema_editor: Any) -> None:
    """Make the function in the schema of the tables, which it names in full."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
    schema_editor.execute(FUNCTION.replace("{schema}", schema), params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("disclosure", "0006_usage_days"),
        ("evaluation", "0001_initial"),
        ("records", "0007_by_agreement"),
    ]

    operations = [
        migrations.RunPython(
            create,
            lambda apps, editor: editor.execute("DROP FUNCTION gate_score(uuid)", params=None),
        ),
    ]
