"""更正通知: who was told that a record it received is over."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights", "0001_objections"), ("disclosure", "0009_outcome_records")]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("recipient_kind", models.CharField(max_length=16)),
                ("recipient", models.CharField(max_length=64)),
                ("item", models.CharField(max_length=64)),
                ("record_id", models.BigIntegerField()),
                ("why", models.CharField(max_length=32)),
                ("state", models.CharField(max_length=16)),
                ("notice", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("due_on", models.DateField()),
                ("missed_on", models.DateField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_by", models.CharField(blank=True, max_length=200)),
                ("done", models.CharField(blank=True, max_length=16)),
                ("note", models.TextField(blank=True)),
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
                    models.Index(fields=["subject", "-created_at"], name="correction_by_subject"),
                    models.Index(
                        fields=["recipient_kind", "recipient", "due_on"], name="correction_by_recipient"
                    ),
                    models.Index(
                        fields=["due_on"], name="correction_owed", condition=models.Q(state="owed")
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["recipient_kind", "recipient", "subject", "record_id"],
                        name="correction_once",
                    ),
                ],
            },
        ),
    ]
