"""The score of a request: sealed beside the kept answers; hash and reason codes stay."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0009_outcome_records")]

    operations = [
        migrations.AlterField(
            model_name="kept", name="answers", field=models.BinaryField(null=True)
        ),
        migrations.AddField(model_name="kept", name="score", field=models.BinaryField(null=True)),
        migrations.CreateModel(
            name="Scored",
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
                ("version", models.CharField(max_length=40)),
                ("inputs_hash", models.CharField(max_length=64)),
                ("explanation_hash", models.CharField(max_length=64)),
                ("codes", models.JSONField()),
            ],
        ),
    ]
