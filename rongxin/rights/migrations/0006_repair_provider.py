"""信用修复: from whom the record came, so that its provider can follow what the window decides."""

from django.db import migrations, models

# Of what was asked before, the record says it; one that is kept no more leaves it empty.
_FILL = """
UPDATE rights_repair SET provider = records_record.provider
FROM records_record
WHERE records_record.subject_id = rights_repair.subject_id AND records_record.id = rights_repair.record_id
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0005_objection_institution"), ("records", "0010_full_lake_files")]

    operations = [
        migrations.AddField("repair", "provider", models.CharField(blank=True, default="", max_length=64)),
        migrations.AlterField("repair", "provider", models.CharField(blank=True, max_length=64)),
        migrations.AddIndex(
            "repair", models.Index(fields=["provider", "-requested_at"], name="repair_by_provider")
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
    ]
