"""A row may end because its provider's full list no longer names it."""

from django.db import migrations

WHY = """
ALTER TABLE records_record DROP CONSTRAINT records_record_ended_why;
ALTER TABLE records_record ADD CONSTRAINT records_record_ended_why CHECK (
    ended_why IN ('superseded', 'corrected', 'repaired', 'publication_ended',
                  'removed_by_authority', 'withdrawn'{more})
);
"""

# Read when a list is taken back; few rows end in this way.
INDEX = "CREATE INDEX records_record_delisted ON records_record (item, provider) WHERE ended_why = 'delisted';"


class Migration(migrations.Migration):
    dependencies = [("records", "0003_sealed")]

    operations = [
        migrations.RunSQL(
            WHY.format(more=", 'delisted'") + INDEX,
            "DROP INDEX records_record_delisted;" + WHY.format(more=""),
        )
    ]
