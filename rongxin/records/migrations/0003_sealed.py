"""A place for what is sealed, and the one change that the keys' rotation may make to a row."""

from django.db import migrations, models

ADD = "ALTER TABLE records_record ADD COLUMN sealed bytea"

# A row's seal is replaced by one under another key, and by nothing else; all else of the row stays.
TRIGGER = """
CREATE OR REPLACE FUNCTION records_record_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'records_record: a fact is never deleted (subject %, id %); end it with a reason',
            OLD.subject_id, OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF substring(OLD.sealed FROM 1 FOR 8) <> substring(NEW.sealed FROM 1 FOR 8) AND ROW(
        NEW.subject_id, NEW.id, NEW.received_at, NEW.filed_at, NEW.batch_id, NEW.line, NEW.observed_on,
        NEW.item_version, NEW.item, NEW.record_key, NEW.provider, NEW.digest, NEW.payload, NEW.source,
        NEW.ended_at, NEW.ended_why, NEW.ended_by
    ) IS NOT DISTINCT FROM ROW(
        OLD.subject_id, OLD.id, OLD.received_at, OLD.filed_at, OLD.batch_id, OLD.line, OLD.observed_on,
        OLD.item_version, OLD.item, OLD.record_key, OLD.provider, OLD.digest, OLD.payload, OLD.source,
        OLD.ended_at, OLD.ended_why, OLD.ended_by
    ) THEN
        RETURN NEW;
    END IF;
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'records_record: subject %, id % has already ended (%)',
            OLD.subject_id, OLD.id, OLD.ended_why USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.ended_at IS NULL OR ROW(
        NEW.subject_id, NEW.id, NEW.received_at, NEW.filed_at, NEW.batch_id, NEW.line, NEW.observed_on,
        NEW.item_version, NEW.item, NEW.record_key, NEW.provider, NEW.digest, NEW.payload, NEW.source,
        NEW.sealed
    ) IS DISTINCT FROM ROW(
        OLD.subject_id, OLD.id, OLD.received_at, OLD.filed_at, OLD.batch_id, OLD.line, OLD.observed_on,
        OLD.item_version, OLD.item, OLD.record_key, OLD.provider, OLD.digest, OLD.payload, OLD.source,
        OLD.sealed
    ) THEN
        RAISE EXCEPTION 'records_record: subject %, id %: only its end may be written, and once',
            OLD.subject_id, OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0002_lake")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(ADD, "ALTER TABLE records_record DROP COLUMN sealed"),
                migrations.RunSQL(TRIGGER, migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.AddField("record", "sealed", models.BinaryField(null=True)),
            ],
        ),
    ]
