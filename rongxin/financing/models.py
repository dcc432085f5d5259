"""Tables of financing; private to this room."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from rongxin.financing.applying.models import (
    Application,
    ApplicationFeedback,
    ApplicationForm,
    ApplicationPaper,
    PaperRequest,
)
from rongxin.financing.products.models import ProductVersion
from rongxin.financing.rules import Rejection, Security, Stage

__all__ = [
    "Application",
    "ApplicationFeedback",
    "ApplicationForm",
    "ApplicationPaper",
    "Outcome",
    "PaperRequest",
    "ProductVersion",
]


class Outcome(models.Model):
    """结果反馈: one step of a case as the institution told it. Never changed; `corrected_by` is set once, and
    is the step itself where it was taken back.

    Its subject and institution are the case's. A correction takes the corrected step's place in the line.
    """

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey("consent.Case", on_delete=models.PROTECT, related_name="+", db_index=False)
    # The place in the case's line of life; a correction has the place of what it corrects.
    place = models.PositiveIntegerField()
    stage = models.CharField(max_length=12)
    on = models.DateField()
    amount_cny = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    rate_bp = models.PositiveIntegerField(null=True)
    term_months = models.PositiveIntegerField(null=True)
    security = models.CharField(max_length=12, null=True)
    rejection = models.CharField(max_length=24, null=True)
    outstanding_cny = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    overdue_days = models.PositiveIntegerField(null=True)
    overdue_cny = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    told_at = models.DateTimeField()
    told_by = models.CharField(max_length=64)
    corrected_by = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    corrected_why = models.CharField(max_length=500, blank=True)
    written_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "place"], condition=Q(corrected_by=None), name="outcome_place_once"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=[stage.value for stage in Stage]), name="outcome_stage_known"
            ),
            models.CheckConstraint(
                condition=Q(security=None) | Q(security__in=[one.value for one in Security]),
                name="outcome_security_known",
            ),
            models.CheckConstraint(
                condition=Q(rejection=None) | Q(rejection__in=[one.value for one in Rejection]),
                name="outcome_rejection_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.stage} {self.on}"
