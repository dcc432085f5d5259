"""The register of disclosures: who asked, and what became of it. Both tables only ever grow; what is kept of
providers' answers for a while is deleted in time.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Intent(models.Model):
    """A committed will to disclose; without one nothing is read (intent first, design §3)."""

    id = models.UUIDField(primary_key=True)
    recipient_kind = models.CharField(max_length=16)
    recipient = models.CharField(max_length=64)
    person = models.CharField(max_length=128)
    branch = models.CharField(max_length=128, blank=True)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=40)
    reference = models.CharField(max_length=128)
    case = models.UUIDField(null=True)
    consent = models.UUIDField(null=True)
    mandate = models.UUIDField(null=True)
    items = models.JSONField()
    asked_at = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "-asked_at"], name="intent_by_subject"),
            models.Index(fields=["recipient", "-asked_at"], name="intent_by_recipient"),
        ]


class Outcome(models.Model):
    """What became of an intent: released (with the answer's digest) or refused (with the reason)."""

    intent = models.OneToOneField(Intent, primary_key=True, on_delete=models.PROTECT, related_name="outcome")
    released = models.BooleanField()
    reason = models.CharField(max_length=40, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    # Per item: how it ended and from whom it came; no content. The provider's usage feedback rests on it.
    summary = models.JSONField()
    # The numbers of the store's records that left: whoever got one is told when it turns out wrong. None:
    # from before they were noted.
    records = ArrayField(models.BigIntegerField(), null=True)
    decided_at = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        # Outcomes lie in the order of time, so a coarse index finds a day and costs next to nothing.
        indexes = [BrinIndex(fields=["decided_at"], name="outcome_by_time", autosummarize=True)]


class UsageDay(models.Model):
    """How often an item was given on a day that is over, by provider, kind of recipient and purpose.

    The row without provider and item says that the day is counted, and how many answers left on it.
    """

    provider = models.CharField(max_length=64, blank=True)
    item = models.CharField(max_length=64, blank=True)
    recipient_kind = models.CharField(max_length=32, blank=True)
    purpose = models.CharField(max_length=40, blank=True)
    day = models.DateField()
    requests = models.PositiveIntegerField()
    records = models.PositiveIntegerField()
    no_record = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()
    checks = models.PositiveIntegerField()
    mismatches = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "day", "item", "recipient_kind", "purpose"], name="usage_counted_once"
            )
        ]


class GivenCase(models.Model):
    """That a provider's items were given for a case on a day that is over (`given_cases`)."""

    provider = models.CharField(max_length=64)
    day = models.DateField()
    case = models.UUIDField()
    items = ArrayField(models.CharField(max_length=64))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "day", "case"], name="given_case_once")]


class Kept(models.Model):
    """What providers answered for a consented request, and what its score rests on: sealed, until its last
    day (`kept`).
    """

    intent = models.OneToOneField(Intent, primary_key=True, on_delete=models.PROTECT, related_name="+")
    consent = models.UUIDField(db_index=True)
    case = models.UUIDField(db_index=True)
    until = models.DateField(db_index=True)
    # NULL of a repeat, which has a score of its own and no answers.
    answers = models.BinaryField(null=True)
    score = models.BinaryField(null=True)


class Scored(models.Model):
    """What stays of the score of a request (授权评价) when its inputs are gone: hash and reason codes."""

    intent = models.OneToOneField(Intent, primary_key=True, on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=40)
    inputs_hash = models.CharField(max_length=64)
    explanation_hash = models.CharField(max_length=64)
    codes = models.JSONField()


class Deferred(models.Model):
    """A request that is answered later: what was asked and, once it was fetched, what may leave, both sealed.

    It is deleted with its outcome.
    """

    intent = models.OneToOneField(Intent, primary_key=True, on_delete=models.PROTECT, related_name="+")
    consent = models.UUIDField(null=True, db_index=True)
    case = models.UUIDField(null=True, db_index=True)
    asked_at = models.DateTimeField()
    asked = models.BinaryField()
    taken_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    fetched = models.BinaryField(null=True)
    calls = models.CharField(max_length=64, null=True)


class Use(models.Model):
    """How often a consent was used in one of its periods; counted in the transaction that releases."""

    consent = models.UUIDField()
    period = models.CharField(max_length=16)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consent", "period"], name="one_count_a_period")]
