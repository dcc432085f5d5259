"""Requests that are answered later, where providers are slow: sealed, until they are collected or over."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0007_score_by_intent")]

    operations = [
        migrations.CreateModel(
            name="Deferred",
            fields=[
                (
                    "intent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="disclosure.intent",
                    ),
                ),
                ("consent", models.UUIDField(db_index=True, null=True)),
                ("case", models.UUIDField(db_index=True, null=True)),
                ("asked_at", models.DateTimeField()),
                ("asked", models.BinaryField()),
                ("taken_at", models.DateTimeField(null=True)),
                ("ready_at", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("fetched", models.BinaryField(null=True)),
                ("calls", models.CharField(max_length=64, null=True)),
            ],
        ),
    ]
