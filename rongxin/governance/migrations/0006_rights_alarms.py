"""An objection past its clock, a correction notice that nobody acknowledged, a repair without an answer."""

from django.db import migrations, models

KINDS = ["receipt_overdue", "probing_suspected", "misuse_suspected", "incident_overdue"]
MORE = ["objection_overdue", "correction_overdue", "repair_silent"]


class Migration(migrations.Migration):
    dependencies = [("governance", "0005_close")]

    operations = [
        migrations.RemoveConstraint(model_name="alarm", name="alarm_kind_known"),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [*KINDS, *MORE])), name="alarm_kind_known"
            ),
        ),
    ]
