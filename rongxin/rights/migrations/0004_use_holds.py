"""暂缓告知: what is kept from a subject's list of uses for a while, by two persons."""

import uuid

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("rights", "0003_repairs")]

    operations = [
        migrations.CreateModel(
            name="UseHold",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("department", models.CharField(max_length=64)),
                ("legal_basis", models.CharField(max_length=500)),
                ("until", models.DateField()),
                ("state", models.CharField(max_length=16)),
                ("proposed_by", models.CharField(max_length=200)),
                ("proposed_at", models.DateTimeField()),
                ("confirmed_by", models.CharField(blank=True, max_length=200)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.subject"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["subject", "until"], name="use_hold_by_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=~Q(state="in_force")
                        | (
                            Q(confirmed_at__isnull=False)
                            & ~Q(confirmed_by="")
                            & ~Q(confirmed_by=F("proposed_by"))
                        ),
                        name="use_hold_by_two_persons",
                    ),
                ],
            },
        ),
    ]
