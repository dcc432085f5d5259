"""Tables of governance; private to this room."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from rongxin.governance.rules import Kind


class Alarm(models.Model):
    """告警: something in the journal that a person of the operator's must look at; one for each entry."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    kind = models.CharField(max_length=24)
    # The journal's entry that it was raised for, and the ids in it; no content, no names.
    entry = models.UUIDField(unique=True)
    refs = models.JSONField()
    happened_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["raised_at"], name="alarm_waiting", condition=Q(acknowledged_at__isnull=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[k.value for k in Kind]), name="alarm_kind_known"),
            # Who acknowledged, when and with what note: all of it or nothing.
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by="", note="")
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by="") & ~Q(note="")),
                name="acknowledged_by_somebody_with_a_note",
            ),
        ]
