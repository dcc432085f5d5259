"""A row that a person matched to a subject may be taken out again."""

from django.db import migrations, models

WHY = """
ALTER TABLE records_record DROP CONSTRAINT records_record_ended_why;
ALTER TABLE records_record ADD CONSTRAINT records_record_ended_why CHECK (
    ended_why IN ('superseded', 'corrected', 'repaired', 'publication_ended',
                  'removed_by_authority', 'withdrawn', 'delisted'{more})
);
"""

KEPT = """
CREATE FUNCTION records_unmatching_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'records_unmatching: what was taken back by decision % stays so', OLD.decision
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER records_unmatching_keep BEFORE UPDATE OR DELETE ON records_unmatching
    FOR EACH ROW EXECUTE FUNCTION records_unmatching_keep();
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0004_delisted")]

    operations = [
        migrations.RunSQL(WHY.format(more=", 'unmatched'"), WHY.format(more="")),
        migrations.CreateModel(
            name="Unmatching",
            fields=[
                ("decision", models.UUIDField(primary_key=True, serialize=False)),
                ("batch_id", models.UUIDField()),
                ("line", models.IntegerField()),
                ("subject_id", models.BigIntegerField()),
                ("record_key", models.TextField(db_collation="C")),
                ("through_id", models.BigIntegerField()),
                ("unmatched_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["batch_id", "line"], name="unmatching_by_row")],
            },
        ),
        migrations.RunSQL(KEPT, "DROP FUNCTION records_unmatching_keep() CASCADE"),
    ]
