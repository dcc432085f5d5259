"""异议申诉 and the files that come with it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

OPEN = models.Q(state__in=["escalated", "forwarded", "lodged"])


class Migration(migrations.Migration):
    initial = True

    dependencies = [("parties", "0001_initial"), ("records", "0008_marks")]

    operations = [
        migrations.CreateModel(
            name="Paper",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("act", models.UUIDField(db_index=True)),
                ("purpose", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=200)),
                ("media_type", models.CharField(max_length=64)),
                ("size_bytes", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("handed_in_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("item", models.CharField(max_length=64)),
                ("record_id", models.BigIntegerField(null=True)),
                ("fields", models.JSONField()),
                ("provider", models.CharField(max_length=64)),
                ("route", models.CharField(max_length=16)),
                ("law", models.CharField(max_length=200)),
                ("state", models.CharField(max_length=16)),
                ("statement", models.BinaryField()),
                ("lodged_at", models.DateTimeField()),
                ("lodged_by", models.CharField(max_length=200)),
                ("due_on", models.DateField()),
                ("warnings", models.PositiveSmallIntegerField(default=0)),
                ("forwarded_at", models.DateTimeField(null=True)),
                ("forwarded_reference", models.CharField(blank=True, max_length=200)),
                ("escalated_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("remedy", models.CharField(blank=True, max_length=16)),
                ("reason", models.TextField(blank=True)),
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
                    models.Index(fields=["subject", "-lodged_at"], name="objection_by_subject"),
                    models.Index(fields=["provider", "due_on"], name="objection_by_provider"),
                    models.Index(fields=["due_on"], name="objection_open", condition=OPEN),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["subject", "item", "record_id"],
                        name="objection_one_open",
                        nulls_distinct=False,
                        condition=OPEN,
                    ),
                ],
            },
        ),
    ]
