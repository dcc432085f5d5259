"""Tables of bureaus that take part in running the platform; private to the room of parties."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q


class Bureau(models.Model):
    """企业征信机构: known here as somebody who helps to run the platform, never as a recipient."""

    id = models.SlugField(primary_key=True, max_length=64)
    name = models.CharField(max_length=200)
    uscc = models.CharField(max_length=18, unique=True)


class BureauMandate(models.Model):
    """For how long and on what basis a bureau takes part; two persons give it, one ends it."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    bureau = models.ForeignKey(Bureau, on_delete=models.PROTECT, related_name="+")
    basis = models.CharField(max_length=500)
    valid_from = models.DateField()
    valid_until = models.DateField()
    proposed_by = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    granted_by = models.CharField(max_length=200, blank=True)
    granted_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="bureau_mandate_runs_forward"
            ),
            models.CheckConstraint(
                condition=Q(granted_at=None, granted_by="")
                | (Q(granted_at__isnull=False) & ~Q(granted_by="") & ~Q(granted_by=F("proposed_by"))),
                name="bureau_mandate_takes_two",
            ),
        ]


class BureauAct(models.Model):
    """One request of a bureau's person, written before it is answered; it only grows."""

    id = models.BigAutoField(primary_key=True)
    bureau = models.ForeignKey(Bureau, on_delete=models.PROTECT, related_name="+")
    account = models.BigIntegerField()
    act = models.CharField(max_length=128)
    at = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["bureau", "-at", "-id"], name="bureau_acts_by_time")]
