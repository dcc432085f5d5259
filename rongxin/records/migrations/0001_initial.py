"""The table of facts. Written by hand: Django can't say PARTITION BY, and the trigger belongs to the table."""

import django.db.models.deletion
from django.db import migrations, models

PARTITIONS = 16

# Two indexes besides the key, so that filing stays near the speed of a plain COPY:
# - the partial unique one lets one version of a record be live, and finds it;
# - `barred` holds the few endings that forbid to file the same record again (records.rules.BARS).
# The primary key begins with the subject, hence serves "all of one subject". Batches are written in one
# stretch and their ids grow with time, so a BRIN of a few pages finds a batch's rows again.
TABLE = """
CREATE SEQUENCE records_record_id_seq AS bigint CACHE 1;

CREATE TABLE records_record (
    subject_id   bigint      NOT NULL REFERENCES parties_subject (id),
    id           bigint      NOT NULL DEFAULT nextval('records_record_id_seq'),
    received_at  timestamptz NOT NULL,
    filed_at     timestamptz NOT NULL,
    ended_at     timestamptz,
    batch_id     uuid        NOT NULL,
    line         integer     NOT NULL,
    observed_on  date,
    item_version smallint    NOT NULL,
    item         text        NOT NULL COLLATE "C",
    record_key   text        NOT NULL COLLATE "C",
    provider     text        NOT NULL COLLATE "C",
    ended_why    text        COLLATE "C",
    ended_by     text        COLLATE "C",
    digest       bytea       NOT NULL,
    payload      jsonb       NOT NULL,
    source       jsonb       NOT NULL,
    PRIMARY KEY (subject_id, id),
    CONSTRAINT records_record_ended_whole CHECK (
        num_nulls(ended_at, ended_why, ended_by) IN (0, 3)
    ),
    CONSTRAINT records_record_ended_why CHECK (
        ended_why IN ('superseded', 'corrected', 'repaired', 'publication_ended',
                      'removed_by_authority', 'withdrawn')
    )
) PARTITION BY HASH (subject_id);

ALTER SEQUENCE records_record_id_seq OWNED BY records_record.id;

CREATE UNIQUE INDEX records_record_one_live ON records_record (subject_id, item, record_key)
    WHERE ended_at IS NULL;
CREATE INDEX records_record_barred ON records_record (subject_id, item, record_key)
    WHERE ended_why IN ('corrected', 'repaired', 'publication_ended', 'removed_by_authority');
CREATE INDEX records_record_batch ON records_record USING brin (batch_id) WITH (autosummarize = on);
"""

PARTITION = """
CREATE TABLE records_record_{n:02d} PARTITION OF records_record
    FOR VALUES WITH (MODULUS {of}, REMAINDER {n});
"""

TRIGGER = """
CREATE FUNCTION records_record_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'records_record: a fact is never deleted (subject %, id %); end it with a reason',
            OLD.subject_id, OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'records_record: subject %, id % has already ended (%)',
            OLD.subject_id, OLD.id, OLD.ended_why USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.ended_at IS NULL OR ROW(
        NEW.subject_id, NEW.id, NEW.received_at, NEW.filed_at, NEW.batch_id, NEW.line, NEW.observed_on,
        NEW.item_version, NEW.item, NEW.record_key, NEW.provider, NEW.digest, NEW.payload, NEW.source
    ) IS DISTINCT FROM ROW(
        OLD.subject_id, OLD.id, OLD.received_at, OLD.filed_at, OLD.batch_id, OLD.line, OLD.observed_on,
        OLD.item_version, OLD.item, OLD.record_key, OLD.provider, OLD.digest, OLD.payload, OLD.source
    ) THEN
        RAISE EXCEPTION 'records_record: subject %, id %: only its end may be written, and once',
            OLD.subject_id, OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER records_record_keep BEFORE UPDATE OR DELETE ON records_record
    FOR EACH ROW EXECUTE FUNCTION records_record_keep();

CREATE TRIGGER records_withdrawal_keep BEFORE UPDATE OR DELETE ON records_withdrawal
    FOR EACH ROW EXECUTE FUNCTION records_withdrawal_keep();
"""

WITHDRAWAL_KEPT = """
CREATE FUNCTION records_withdrawal_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'records_withdrawal: the withdrawal of batch % stays', OLD.batch_id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

UNDO = """
DROP TABLE records_record;
DROP FUNCTION records_record_keep();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("parties", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                ("batch_id", models.UUIDField(primary_key=True, serialize=False)),
                ("actor", models.TextField()),
                ("withdrawn_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("item", models.TextField(primary_key=True, serialize=False)),
                ("connected_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(WITHDRAWAL_KEPT, "DROP FUNCTION records_withdrawal_keep() CASCADE"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    TABLE + "".join(PARTITION.format(n=n, of=PARTITIONS) for n in range(PARTITIONS)) + TRIGGER,
                    UNDO,
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Record",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "subject_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("id", models.BigIntegerField()),
                        ("item", models.TextField()),
                        ("item_version", models.PositiveSmallIntegerField()),
                        ("record_key", models.TextField(db_collation="C")),
                        ("payload", models.JSONField()),
                        ("source", models.JSONField()),
                        ("provider", models.TextField()),
                        ("batch_id", models.UUIDField()),
                        ("line", models.IntegerField()),
                        ("observed_on", models.DateField(null=True)),
                        ("received_at", models.DateTimeField()),
                        ("filed_at", models.DateTimeField()),
                        ("digest", models.BinaryField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("ended_why", models.TextField(null=True)),
                        ("ended_by", models.TextField(null=True)),
                        (
                            "subject",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="parties.subject",
                            ),
                        ),
                    ],
                    options={"db_table": "records_record"},
                )
            ],
        ),
    ]
