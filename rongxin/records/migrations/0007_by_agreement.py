"""A row called in bulk may end because its provider holds it no longer, or agrees no longer."""

from django.db import migrations

WHY = """
ALTER TABLE records_record DROP CONSTRAINT records_record_ended_why;
ALTER TABLE records_record ADD CONSTRAINT records_record_ended_why CHECK (
    ended_why IN ('superseded', 'corrected', 'repaired', 'publication_ended',
                  'removed_by_authority', 'withdrawn', 'delisted', 'unmatched'{more})
);
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0006_unlisting")]

    operations = [
        migrations.RunSQL(WHY.format(more=", 'not_in_source', 'agreement_over'"), WHY.format(more="")),
    ]
