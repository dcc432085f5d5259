"""Tables of batch push; private to this room."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import Q

from rongxin.delivery.push.rules import RunState, Status


class PushSubscription(models.Model):
    """What an institution has pushed to it; what exactly, its newest terms say."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=16, default=Status.ACTIVE.value)
    why = models.CharField(max_length=500, blank=True)
    # Which version of the terms the operator has confirmed, where they need it.
    confirmed_version = models.PositiveIntegerField(null=True)
    # A run asked for out of turn, and whether it is to begin anew.
    requested_at = models.DateTimeField(null=True)
    wants_full = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in Status]), name="push_status_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.id} {self.status}"


class PushTerms(models.Model):
    """One version of a subscription's terms (`rules.Terms` as JSON); never changed."""

    subscription = models.ForeignKey(PushSubscription, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    terms = models.JSONField()
    set_by = models.CharField(max_length=200)
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "version"], name="push_terms_once")
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} v{self.version}"


class PushRun(models.Model):
    """One push: an intent, and what became of it."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    subscription = models.ForeignKey(PushSubscription, on_delete=models.PROTECT, related_name="runs")
    version = models.PositiveIntegerField()
    # The acknowledged run whose rows this one changes; none: a full one.
    based_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=16, default=RunState.INTENDED.value)
    reason = models.CharField(max_length=40, blank=True)
    intended_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    # Per item and provider how many rows; per reason how many were taken back. No content.
    summary = models.JSONField(default=dict)
    rows = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    manifest = models.CharField(max_length=64, blank=True)
    # What ended since is looked for from this place of the journal on.
    seen_leaf = models.BigIntegerField(null=True)
    # The last day on which all that it tells may be published.
    fit_until = models.DateField(null=True)
    intent_entry = models.UUIDField()
    outcome_entry = models.UUIDField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subscription", "-intended_at"], name="push_run_by_time")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in RunState]), name="push_run_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class Pushed(models.Model):
    """That a run told something of a subject: one row for both, however many records; who looked at me."""

    pk = models.CompositePrimaryKey("subject_id", "run_id")
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(PushRun, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Item: how many rows were given. A row that was only taken back stands with 0.
    items = models.JSONField()

    def __str__(self) -> str:
        return f"{self.subject_id} {self.run_id}"
