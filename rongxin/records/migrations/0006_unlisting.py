"""What a source's full list left out is noted, while another source's version of the record counts."""

from django.db import migrations, models

KEPT = """
CREATE FUNCTION records_unlisting_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'records_unlisting: what list % left out stays so', OLD.batch_id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER records_unlisting_keep BEFORE UPDATE OR DELETE ON records_unlisting
    FOR EACH ROW EXECUTE FUNCTION records_unlisting_keep();
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0005_unmatching")]

    operations = [
        migrations.CreateModel(
            name="Unlisting",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("subject_id", models.BigIntegerField()),
                ("item", models.TextField(db_collation="C")),
                ("record_key", models.TextField(db_collation="C")),
                ("provider", models.TextField(db_collation="C")),
                ("batch_id", models.UUIDField()),
                ("through_id", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_id", "item", "record_key"], name="unlisting_by_record")
                ],
            },
        ),
        migrations.RunSQL(KEPT, "DROP FUNCTION records_unlisting_keep() CASCADE"),
    ]
