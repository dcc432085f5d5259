"""The lake's manifest, and the endings that its readers leave out."""

from django.db import migrations, models

# Every ending goes in, whoever writes it and whether or not a file holds the row: a file that is being
# written has taken the row as live, and only this row tells its readers. The keeper clears what no file holds.
# The BRIN finds what was filed last; ids grow with the table, so it costs a few pages.
LAKE = """
CREATE FUNCTION records_lake_note_endings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO records_lake_ending (record_id, item)
    SELECT id, item FROM now_ended WHERE ended_at IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER records_lake_note_endings AFTER UPDATE ON records_record
    REFERENCING NEW TABLE AS now_ended FOR EACH STATEMENT EXECUTE FUNCTION records_lake_note_endings();

CREATE INDEX records_record_id ON records_record USING brin (id) WITH (autosummarize = on);
"""
UNDO = """
DROP INDEX records_record_id;
DROP TRIGGER records_lake_note_endings ON records_record;
DROP FUNCTION records_lake_note_endings();
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LakeFile",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("item", models.TextField(db_index=True)),
                ("shape", models.TextField()),
                ("rows", models.BigIntegerField()),
                ("sha256", models.TextField()),
                ("size_bytes", models.BigIntegerField()),
                ("written_at", models.DateTimeField()),
            ],
            options={"db_table": "records_lake_manifest"},
        ),
        migrations.CreateModel(
            name="LakeMark",
            fields=[
                ("item", models.TextField(primary_key=True, serialize=False)),
                ("through_id", models.BigIntegerField()),
            ],
            options={"db_table": "records_lake_mark"},
        ),
        migrations.CreateModel(
            name="LakeEnding",
            fields=[
                ("record_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("item", models.TextField(db_index=True)),
            ],
            options={"db_table": "records_lake_ending"},
        ),
        migrations.RunSQL(LAKE, UNDO),
    ]
