"""Rows that were handed back or wait are kept sealed. What an earlier node kept of them in clear goes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sharing", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("outcome", "outcome_never_kept"),
        migrations.RemoveField("outcome", "raw"),
        migrations.AddField("outcome", "raw", models.BinaryField(null=True)),
        migrations.AddConstraint(
            "outcome",
            models.CheckConstraint(
                condition=~models.Q(rule__in=["out_of_scope", "outside_channel"]) | models.Q(raw=None),
                name="outcome_never_kept",
            ),
        ),
    ]
