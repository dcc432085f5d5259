"""Tables of what institutions may ask and have asked; private to this context."""

from __future__ import annotations

from django.db import models


class QuotaUse(models.Model):
    """How often one thing was done on a day: by an institution, a branch, a person; counted exactly."""

    institution = models.ForeignKey("parties.Institution", on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    scope = models.CharField(max_length=24)
    key = models.CharField(max_length=160, blank=True)
    used = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "day", "scope", "key"], name="one_quota_row_a_day")
        ]


class QuotaLimit(models.Model):
    """An institution's own limit, or (with a key) that of one branch or person of it."""

    institution = models.ForeignKey(
        "parties.Institution", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    scope = models.CharField(max_length=24)
    key = models.CharField(max_length=160, blank=True)
    allowed = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "scope", "key"], name="one_quota_limit")
        ]


class SubjectAsked(models.Model):
    """That an institution has asked about a subject before, and since when."""

    institution = models.ForeignKey(
        "parties.Institution", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    subject = models.ForeignKey("parties.Subject", on_delete=models.CASCADE, related_name="+", db_index=False)
    first_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "subject"], name="subject_asked_once")]
