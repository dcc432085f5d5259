"""From which level a provider hands in, and where to look for a record that another source shares."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0003_duty_mandates"),
        ("sharing", "0011_bulk"),
    ]

    operations = [
        migrations.AddField(
            model_name="outcome", name="held_batch", field=models.UUIDField(null=True)
        ),
        migrations.CreateModel(
            name="ProviderLevel",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                ("level", models.CharField(max_length=16)),
                ("set_at", models.DateTimeField()),
                ("set_by", models.CharField(max_length=300)),
                ("journal_entry", models.UUIDField()),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.provider"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "version"), name="provider_level_version_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level__in", ["national", "provincial", "city"])),
                        name="provider_level_known",
                    ),
                ],
            },
        ),
    ]
