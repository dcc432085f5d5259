"""A whole batch ended or withdrawn by the operator: proposed by one person, confirmed by another."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("sharing", "0012_sources")]

    operations = [
        migrations.CreateModel(
            name="BatchProposal",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("measure", models.CharField(max_length=16)),
                ("why", models.CharField(blank=True, max_length=16)),
                ("ground", models.CharField(max_length=500)),
                ("foreseen", models.JSONField()),
                ("state", models.CharField(default="proposed", max_length=16)),
                ("proposed_by", models.CharField(max_length=200)),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_why", models.CharField(blank=True, max_length=500)),
                ("journal_entry", models.UUIDField()),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sharing.batch",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["batch"], condition=Q(state="proposed"), name="batch_proposal_one_open"
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            state__in=["proposed", "carried_out", "declined", "taken_back", "lapsed"]
                        ),
                        name="batch_proposal_state_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(measure="end") & ~Q(why="") | Q(measure="withdraw", why=""),
                        name="batch_proposal_ending_says_why",
                    ),
                    models.CheckConstraint(
                        condition=~Q(state="carried_out")
                        | (Q(decided_at__isnull=False) & ~Q(decided_by="") & ~Q(decided_by=F("proposed_by"))),
                        name="batch_proposal_by_two_persons",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["batch", "-proposed_at"], name="batch_proposal_by_batch")
                ],
            },
        ),
    ]
