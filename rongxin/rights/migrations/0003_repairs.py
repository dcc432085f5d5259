"""信用修复: requests that are forwarded, and what the national window decided."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

OPEN = models.Q(state__in=["forwarded", "requested"])


class Migration(migrations.Migration):
    dependencies = [("rights", "0002_corrections")]

    operations = [
        migrations.CreateModel(
            name="Repair",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("item", models.CharField(max_length=64)),
                ("record_id", models.BigIntegerField()),
                ("observed_on", models.DateField(null=True)),
                ("severity", models.CharField(max_length=16)),
                ("state", models.CharField(max_length=16)),
                ("statement", models.BinaryField()),
                ("requested_at", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=200)),
                ("forwarded_at", models.DateTimeField(null=True)),
                ("window", models.CharField(blank=True, max_length=200)),
                ("window_reference", models.CharField(blank=True, max_length=200)),
                ("silent_on", models.DateField(null=True)),
                ("decision", models.JSONField(null=True)),
                ("decision_token", models.TextField(blank=True)),
                ("decision_entered_by", models.CharField(blank=True, max_length=200)),
                ("decided_at", models.DateTimeField(null=True)),
                ("entry", models.UUIDField()),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.subject"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject", "-requested_at"], name="repair_by_subject"),
                    models.Index(fields=["requested_at"], name="repair_open", condition=OPEN),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["subject", "record_id"], name="repair_one_open", condition=OPEN
                    ),
                ],
            },
        ),
    ]
