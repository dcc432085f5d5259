"""Kept answers: sealed, per request, deleted in time."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0003_intent_mandate")]

    operations = [
        migrations.CreateModel(
            name="Kept",
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
                ("consent", models.UUIDField(db_index=True)),
                ("case", models.UUIDField(db_index=True)),
                ("until", models.DateField(db_index=True)),
                ("answers", models.BinaryField()),
            ],
        ),
    ]
