"""Agreements to bulk calls, the turns of asking, what is known of each subject; answers as a kind of batch."""

import django.db.models.deletion
from django.db import migrations, models

_PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0001_initial"),
        ("sharing", "0010_errands"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="batch", name="batch_same_file_once"),
        migrations.RemoveConstraint(model_name="batch", name="batch_list_has_its_day"),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("status__in", ["filed", "filing", "held", "received"]),
                    models.Q(("mode", "answers"), _negated=True),
                ),
                fields=("sha256", "item", "provider", "mode", "listed_on"),
                name="batch_same_file_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("listed_on__isnull", False), ("mode", "snapshot")),
                    models.Q(("listed_on", None), ("mode__in", ["increment", "answers"])),
                    _connector="OR",
                ),
                name="batch_list_has_its_day",
            ),
        ),
        migrations.CreateModel(
            name="BulkAgreement",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("item", models.CharField(max_length=64)),
                ("version", models.PositiveIntegerField()),
                ("terms", models.JSONField()),
                ("state", models.CharField(default="proposed", max_length=16)),
                ("proposed_by", models.CharField(max_length=300)),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=300)),
                ("decided_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, max_length=300)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_why", models.CharField(blank=True, max_length=500)),
                ("swept_at", models.DateTimeField(null=True)),
                ("journal_entry", models.UUIDField()),
                (
                    "provider",
                    models.ForeignKey(on_delete=_PROTECT, related_name="+", to="parties.provider"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "item", "version"), name="bulk_agreement_version_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "in_force")),
                        fields=("item",),
                        name="bulk_agreement_one_in_force",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["proposed", "in_force", "declined", "superseded", "ended"])
                        ),
                        name="bulk_agreement_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkTurn",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subjects", models.JSONField()),
                ("count", models.PositiveIntegerField()),
                ("taken_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("ended", models.CharField(blank=True, max_length=16)),
                ("asked", models.PositiveIntegerField(default=0)),
                ("answered", models.PositiveIntegerField(default=0)),
                ("rows_ended", models.PositiveIntegerField(default=0)),
                ("journal_entry", models.UUIDField()),
                (
                    "agreement",
                    models.ForeignKey(
                        db_index=False, on_delete=_PROTECT, related_name="+", to="sharing.bulkagreement"
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=_PROTECT,
                        related_name="+",
                        to="sharing.batch",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["agreement", "-taken_at"], name="bulk_turn_by_agreement")],
            },
        ),
        migrations.CreateModel(
            name="BulkFreshness",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "item", "subject_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("item", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField()),
                ("availability", models.CharField(max_length=32)),
                ("observed_at", models.DateTimeField(null=True)),
                ("observed", models.CharField(blank=True, max_length=16)),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="parties.subject",
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=_PROTECT,
                        related_name="+",
                        to="sharing.bulkturn",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["item", "observed_at"], name="bulk_freshness_stalest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("observed", ""), ("observed_at", None)),
                            models.Q(
                                ("observed__in", ["records", "no_record"]), ("observed_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="bulk_observation_whole",
                    )
                ],
            },
        ),
    ]
