"""The register of disclosures: who asked, and what became of it. Both tables only ever grow; what is kept of
providers' answers for a while is deleted in time.
"""

from __future__ import annotations

from django.db import models


class Intent(models.Model):
    """A committed will to disclose; without one nothing is read (intent first, design §3)."""

    id = models.UUIDField(primary_key=True)
    recipient_kind = models.CharField(max_length=16)
    recipient = models.CharField(max_length=64)
    person = models.CharField(max_length=128)
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
    decided_at = models.DateTimeField()
    entry = models.UUIDField()


class Kept(models.Model):
    """What providers answered for a consented request, sealed, until its last day (`kept`)."""

    intent = models.OneToOneField(Intent, primary_key=True, on_delete=models.PROTECT, related_name="+")
    consent = models.UUIDField(db_index=True)
    case = models.UUIDField(db_index=True)
    until = models.DateField(db_index=True)
    answers = models.BinaryField()


class Use(models.Model):
    """How often a consent was used in one of its periods; counted in the transaction that releases."""

    consent = models.UUIDField()
    period = models.CharField(max_length=16)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consent", "period"], name="one_count_a_period")]
