"""Agreements to bulk calls, the turns of asking, and what is known of each subject since when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from rongxin.sharing.bulk.rules import State


class BulkAgreement(models.Model):
    """One version of what a provider agreed to in writing for one item; its terms are never changed."""

    id = models.UUIDField(primary_key=True)
    provider = models.ForeignKey("parties.Provider", on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    # As `bulk.rules.Terms` reads it.
    terms = models.JSONField()
    state = models.CharField(max_length=16, default=State.PROPOSED.value)
    proposed_by = models.CharField(max_length=300)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_why = models.CharField(max_length=500, blank=True)
    # When its rows were ended, where they may be kept no longer.
    swept_at = models.DateTimeField(null=True)
    journal_entry = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "item", "version"], name="bulk_agreement_version_once"
            ),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state="in_force"), name="bulk_agreement_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="bulk_agreement_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.item} {self.version} {self.state}"


class BulkTurn(models.Model):
    """One turn of asking: whom it took up, before anybody is asked, and how it ended."""

    id = models.UUIDField(primary_key=True)
    agreement = models.ForeignKey(BulkAgreement, on_delete=models.PROTECT, related_name="+", db_index=False)
    subjects = models.JSONField()
    count = models.PositiveIntegerField()
    taken_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # `bulk.turns.Ended`; empty while under way, and for ever where its process died.
    ended = models.CharField(max_length=16, blank=True)
    asked = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    rows_ended = models.PositiveIntegerField(default=0)
    batch = models.ForeignKey(
        "sharing.Batch", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    journal_entry = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["agreement", "-taken_at"], name="bulk_turn_by_agreement")]

    def __str__(self) -> str:
        return f"{self.id} {self.ended or 'under way'}"


class BulkFreshness(models.Model):
    """When a subject was last asked about under an item, and the last answer that can be relied on."""

    pk = models.CompositePrimaryKey("item", "subject_id")
    item = models.CharField(max_length=64)
    subject = models.ForeignKey(
        "parties.Subject", on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField()
    availability = models.CharField(max_length=32)
    # The last answer that says all: records or none. NULL where there has been none, or it was taken back.
    observed_at = models.DateTimeField(null=True)
    observed = models.CharField(max_length=16, blank=True)
    turn = models.ForeignKey(BulkTurn, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(observed="", observed_at=None)
                | Q(observed__in=["records", "no_record"], observed_at__isnull=False),
                name="bulk_observation_whole",
            )
        ]
        indexes = [models.Index(fields=["item", "observed_at"], name="bulk_freshness_stalest")]

    def __str__(self) -> str:
        return f"{self.item} {self.subject_id} {self.observed or 'missing'}"
