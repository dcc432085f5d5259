"""Tables of the evaluation; private to this room.

A score stands in the run that made it and never changes. Which of a subject's scores counts is a question of
the runs' states alone, so that publishing a run is one row.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from rongxin.evaluation.states import RunKind, RunState


class Run(models.Model):
    """One scoring of all subjects ("full") or of those that news touched, by one version, as of one day."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16)
    tier = models.CharField(max_length=16)
    version = models.CharField(max_length=40)
    as_of = models.DateField()
    engine = models.CharField(max_length=16)
    state = models.CharField(max_length=16, default=RunState.PREPARING.value)
    started_at = models.DateTimeField()
    # The moment that the facts are of: what came or ended since is in no score of this run.
    facts_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    subjects = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in RunState]), name="evaluation_run_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in RunKind]), name="evaluation_run_kind_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=RunState.PUBLISHED.value) | Q(published_at__isnull=False),
                name="evaluation_run_published_at",
            ),
            # Whoever starts the same run again goes on with it.
            models.UniqueConstraint(
                fields=["as_of", "version", "tier", "engine"],
                condition=Q(kind=RunKind.FULL.value, state__in=["preparing", "scoring"]),
                name="evaluation_one_open_run",
            ),
        ]
        indexes = [
            models.Index(fields=["tier", "-as_of", "-facts_at"], name="evaluation_run_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.as_of} {self.version} {self.state}"


class Bucket(models.Model):
    """A range of subjects that is scored in one statement; done once its scores are committed."""

    pk = models.CompositePrimaryKey("run_id", "number")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="buckets", db_index=False)
    number = models.PositiveIntegerField()
    first_subject = models.BigIntegerField()
    last_subject = models.BigIntegerField()
    subjects = models.BigIntegerField()
    done_at = models.DateTimeField(null=True)
    # SHA-256 over the bucket's scores in the order of subjects: two engines give the same.
    sha256 = models.CharField(max_length=64, blank=True)


class Score(models.Model):
    """What one run says of one subject; `inputs` is all that it was computed from."""

    pk = models.CompositePrimaryKey("subject_id", "run_id")
    subject = models.ForeignKey(
        "parties.Subject", on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    run = models.ForeignKey(
        Run, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    # NULL where the subject is not rated (NR).
    score = models.SmallIntegerField(null=True)
    grade = models.CharField(max_length=4)
    public_grade = models.CharField(max_length=4)
    # Of 1000 applicable weight, how much was observed.
    coverage = models.SmallIntegerField()
    confidence = models.CharField(max_length=8)
    # Which vetoes were set off: the bit of each of the version's `Vetoes.codes`.
    vetoes = models.BigIntegerField()
    inputs = models.TextField()
    inputs_hash = models.CharField(max_length=64)


class Touched(models.Model):
    """A subject that news touched since its score was made: it is scored anew soon."""

    subject_id = models.BigIntegerField(primary_key=True)
    touched_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.subject_id}"
