"""Tables of the evaluation; private to this room.

A score stands in the run that made it and never changes. Which of a subject's scores counts is a question of
the runs' states alone, so that publishing a run is one row.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from rongxin.evaluation.monitoring.rules import State
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


class InstitutionCard(models.Model):
    """机构评分卡: an institution's own card, as it handed it in; only `retired_*` is ever set."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=71)
    content = models.TextField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=200)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "digest"],
                condition=Q(retired_at=None),
                name="institution_card_live_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.name}"


class Version(models.Model):
    """评价模型: a version of the parameters as the register has it: whence it is, who put it to use."""

    version = models.CharField(max_length=40, primary_key=True)
    state = models.CharField(max_length=10, default=State.DRAFT.value)
    # SHA-256 of indicators and parameters, as they were when it was registered.
    digest = models.CharField(max_length=64)
    made_from = models.CharField(max_length=500)
    data_from = models.DateField(null=True)
    data_until = models.DateField(null=True)
    # Of each grade the share of bad loans that is expected, where it was fitted.
    expected_bad = models.JSONField(default=dict)
    # The model card: for what it is made, for what not, how it was measured.
    document = models.TextField()
    registered_at = models.DateTimeField()
    registered_by = models.CharField(max_length=200)
    proposed_at = models.DateTimeField(null=True)
    proposed_by = models.CharField(max_length=200, blank=True)
    # SHA-256 of the comparison in shadow that the proposal rests on; empty for the first champion.
    evidence = models.CharField(max_length=64, blank=True)
    why = models.CharField(max_length=500, blank=True)
    promoted_at = models.DateTimeField(null=True)
    promoted_by = models.CharField(max_length=200, blank=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="evaluation_version_state_known"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=State.CHAMPION.value), name="evaluation_one_champion"
            ),
            # In use by two people, whoever writes the row.
            models.CheckConstraint(
                condition=~Q(state=State.CHAMPION.value)
                | (~Q(proposed_by="") & ~Q(promoted_by="") & ~Q(promoted_by=models.F("proposed_by"))),
                name="evaluation_promotion_takes_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.state}"


class ShadowScore(models.Model):
    """What a challenger says of a subject, of the facts of a run of the champion's; nobody is shown it."""

    pk = models.CompositePrimaryKey("run_id", "version", "subject_id")
    run = models.ForeignKey(
        Run, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    version = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    score = models.SmallIntegerField(null=True)
    grade = models.CharField(max_length=4)
    coverage = models.SmallIntegerField()


class LoanScore(models.Model):
    """What a version said of a firm on the day it drew a loan; kept when that day's runs are forgotten."""

    pk = models.CompositePrimaryKey("subject_id", "drawn_on", "version")
    subject_id = models.BigIntegerField()
    drawn_on = models.DateField(db_index=True)
    version = models.CharField(max_length=40)
    score = models.SmallIntegerField()
    grade = models.CharField(max_length=4)


class ShadowRun(models.Model):
    """How a challenger compares with the champion over one run; or why it could not be scored in it."""

    pk = models.CompositePrimaryKey("run_id", "version")
    run = models.ForeignKey(
        Run, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    version = models.CharField(max_length=40)
    done_at = models.DateTimeField()
    comparison = models.JSONField()
    sha256 = models.CharField(max_length=64)


class Baseline(models.Model):
    """冻结的基线: how scores and indicators of a version were spread in its first published full run."""

    version = models.CharField(max_length=40, primary_key=True)
    run_id = models.BigIntegerField()
    as_of = models.DateField()
    frozen_at = models.DateTimeField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.version} {self.as_of}"


class ModelReport(models.Model):
    """模型月报: what a month showed of the version in use; written once, when the month is over."""

    month = models.CharField(max_length=7, primary_key=True)
    version = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    # Canonical JSON, as it was hashed.
    content = models.TextField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.month} {self.version}"
