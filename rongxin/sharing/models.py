"""Batches and the rows of theirs that were not simply accepted; private to this context."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from rongxin.parties.rules.desk import TAKEN, State, Verdict
from rongxin.sharing.batch_endings import models as batch_endings
from rongxin.sharing.bulk import models as bulk
from rongxin.sharing.rules import NEVER_KEPT, STANDING, Mode, RowAct, RowOutcome, Status
from rongxin.vocabulary.level import SourceLevel


class MovedFile(models.Model):
    """A file of another platform that was taken in, with what came of it; taken again it is this one."""

    id = models.BigAutoField(primary_key=True)
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    item = models.CharField(max_length=64, blank=True)
    provider = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=255)
    report = models.JSONField()
    taken_at = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256", "kind", "item", "provider"], name="moved_file_once")
        ]

    def __str__(self) -> str:
        return self.name


class SavedMapping(models.Model):
    """One version of how a provider's columns stand to an item's fields; kept, never changed."""

    id = models.UUIDField(primary_key=True)
    provider = models.ForeignKey("parties.Provider", on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    # As `mapping_file` reads it; without columns and constants, the mapping before it is over.
    document = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=300)
    journal_entry = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "item", "version"], name="mapping_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.item} {self.version}"


class Batch(models.Model):
    """One file that a provider handed in for one item."""

    id = models.UUIDField(primary_key=True)
    item = models.CharField(max_length=64)
    provider = models.ForeignKey("parties.Provider", on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=16, default=Mode.INCREMENT.value)
    # The day whose state a full list tells; none of an increment.
    listed_on = models.DateField(null=True)
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    status = models.CharField(max_length=16, default=Status.RECEIVED.value)
    received_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=128)
    actor_party = models.CharField(max_length=128, blank=True)
    read = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    duplicate = models.IntegerField(default=0)
    ended = models.IntegerField(default=0)
    # The file's own column names, in order: what is handed back looks like what came.
    headers = models.JSONField(default=list)
    receipt = models.JSONField(null=True)
    refusal = models.JSONField(null=True)
    # What the batch looked like as a whole (sums, no content), what made it suspicious, who let it pass.
    profile = models.JSONField(null=True)
    held_for = models.JSONField(null=True)
    released_by = models.CharField(max_length=300, blank=True)
    released_at = models.DateTimeField(null=True)
    # The provider's own mapping as it stood when the file came: read again, it is read the same.
    mapping = models.ForeignKey(
        SavedMapping, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    journal_entry = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256", "item", "provider", "mode", "listed_on"],
                nulls_distinct=False,
                # Answers are no file of a department's: the same may come again, and confirm the rows.
                condition=Q(status__in=sorted(STANDING)) & ~Q(mode=Mode.ANSWERS),
                name="batch_same_file_once",
            ),
            models.CheckConstraint(
                condition=Q(read=F("accepted") + F("rejected") + F("pending") + F("duplicate")),
                name="batch_rows_add_up",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in Status]), name="batch_status_known"
            ),
            models.CheckConstraint(
                condition=Q(mode=Mode.SNAPSHOT, listed_on__isnull=False)
                | Q(mode__in=[Mode.INCREMENT, Mode.ANSWERS], listed_on=None),
                name="batch_list_has_its_day",
            ),
            models.CheckConstraint(
                condition=~Q(status="held") | Q(held_for__isnull=False, receipt=None),
                name="batch_held_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["filed", "withdrawn"]) | Q(receipt__isnull=False),
                name="batch_filed_has_receipt",
            ),
            models.CheckConstraint(
                condition=Q(status="refused", refusal__isnull=False) | ~Q(status="refused") & Q(refusal=None),
                name="batch_refused_says_why",
            ),
        ]
        indexes = [models.Index(fields=["provider", "-received_at"], name="batch_by_provider")]

    def __str__(self) -> str:
        return f"{self.item} {self.id} {self.status}"


class Outcome(models.Model):
    """A row that was rejected, waits or was a duplicate: which line, by which rule, in words.

    `raw` is the row as it came, sealed, so that it can be corrected and handed in again; never kept of a row
    that may not be stored at all (`rules.NEVER_KEPT`), nor of a duplicate.
    """

    pk = models.CompositePrimaryKey("batch_id", "line")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="outcomes", db_index=False)
    line = models.IntegerField()
    outcome = models.CharField(max_length=16)
    rule = models.CharField(max_length=64)
    message = models.TextField()
    raw = models.BinaryField(null=True)
    # The batch that holds the record: where to look for what needn't be handed in again.
    held_batch = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=[o.value for o in RowOutcome]), name="outcome_known"
            ),
            models.CheckConstraint(
                condition=~Q(rule__in=sorted(NEVER_KEPT)) | Q(raw=None), name="outcome_never_kept"
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "line"], condition=Q(outcome="pending"), name="outcome_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line} {self.outcome} {self.rule}"


class Decision(models.Model):
    """What a person said of a row that waited for its subject, and how the row ended by it."""

    id = models.UUIDField(primary_key=True)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="+", db_index=False)
    line = models.IntegerField()
    verdict = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)
    # How the row waited, and how it ended by the decision: reversed, it waits again as before.
    waited_rule = models.CharField(max_length=64)
    waited_message = models.TextField()
    outcome = models.CharField(max_length=16, blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.CharField(max_length=300)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=300, blank=True)
    closed_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "line"],
                condition=Q(state__in=sorted(TAKEN)),
                name="decision_one_a_row",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=[v.value for v in Verdict]), name="decision_verdict_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="decision_state_known"
            ),
            models.CheckConstraint(
                condition=Q(verdict="match", subject__isnull=False) | ~Q(verdict="match") & Q(subject=None),
                name="decision_match_names_subject",
            ),
        ]
        indexes = [models.Index(fields=["batch", "line"], name="decision_by_row")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line} {self.verdict} {self.state}"


class RowChange(models.Model):
    """What a provider did to one row of a batch, and why: corrected, ended or taken back."""

    id = models.UUIDField(primary_key=True)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+", db_index=False)
    line = models.IntegerField()
    act = models.CharField(max_length=16)
    reason = models.TextField()
    # The batch of one row that holds the corrected version; none of a row that was ended or taken back.
    correction = models.OneToOneField(Batch, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(act__in=[a.value for a in RowAct]), name="row_change_act_known"
            ),
            models.CheckConstraint(
                condition=Q(act="correct", correction__isnull=False) | ~Q(act="correct") & Q(correction=None),
                name="row_change_correction_has_its_batch",
            ),
        ]
        indexes = [models.Index(fields=["batch", "line"], name="row_change_by_row")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line} {self.act}"


class Call(models.Model):
    """One question put to a provider (接口调用, 数据核验): what was signed and signed back, no content.

    The journal's entry of the request's outcome commits to all of them; providers' health is counted here.
    """

    intent = models.UUIDField(db_index=True)
    provider = models.CharField(max_length=64)
    item = models.CharField(max_length=64)
    mode = models.CharField(max_length=32)
    availability = models.CharField(max_length=32)
    reason = models.CharField(max_length=40, blank=True)
    asked_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    # Empty where nothing came back that can be believed.
    question = models.CharField(max_length=64, blank=True)
    message = models.BinaryField(null=True)
    receipt = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["provider", "-asked_at"], name="call_by_provider")]


class Schedule(models.Model):
    """When a provider hands an item in, as the operator has set it; a later version holds from its day on."""

    id = models.UUIDField(primary_key=True)
    provider = models.ForeignKey("parties.Provider", on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    every = models.CharField(max_length=16)
    day = models.PositiveSmallIntegerField(null=True)
    grace_working_days = models.PositiveSmallIntegerField()
    since = models.DateField()
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=300)
    journal_entry = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "item", "version"], name="schedule_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.item} {self.every} {self.day}"


class ProviderLevel(models.Model):
    """From which level a provider hands in, as the operator has set it; the last version holds."""

    id = models.UUIDField(primary_key=True)
    provider = models.ForeignKey("parties.Provider", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    level = models.CharField(max_length=16)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=300)
    journal_entry = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "version"], name="provider_level_version_once"),
            models.CheckConstraint(
                condition=Q(level__in=[level.value for level in SourceLevel]), name="provider_level_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.level}"


class Reminder(models.Model):
    """That a batch was late, as its provider was told: once for each due day."""

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey("parties.Provider", on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=64)
    due_on = models.DateField()
    deadline = models.DateField()
    text = models.TextField()
    at = models.DateTimeField()
    journal_entry = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "item", "due_on"], name="reminder_once_a_due_day")
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.item} {self.due_on}"


class Errand(models.Model):
    """An act that a web process has the worker do; question and answer are sealed, and gone once fetched."""

    id = models.UUIDField(primary_key=True)
    asked_at = models.DateTimeField()
    asked = models.BinaryField()
    taken_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(taken_at=None), name="errand_waiting"),
        ]

    def __str__(self) -> str:
        return str(self.id)


# Tables of rooms within this one; Django looks for them here.
TABLES_WITHIN = (bulk.BulkAgreement, bulk.BulkTurn, bulk.BulkFreshness, batch_endings.BatchProposal)
