"""The table of 紧急查阅; private to `break_glass`."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from rongxin.parties.rules.break_glass import State


class BreakGlass(models.Model):
    """Who wants to see what is held about whom in clear, why, and who let them; `until` says when it ends."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    reference = models.CharField(max_length=100)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=State.REQUESTED.value)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-asked_at"], name="break_glass_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="break_glass_state_known"
            ),
            # In effect by two people, whoever writes it.
            models.CheckConstraint(
                condition=~Q(state__in=[State.APPROVED.value, State.CLOSED.value])
                | (~Q(decided_by="") & ~Q(decided_by=models.F("asked_by"))),
                name="break_glass_takes_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_id} {self.asked_by} {self.state}"
