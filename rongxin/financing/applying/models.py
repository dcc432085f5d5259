"""Tables of applications; private to this room."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from rongxin.financing.applying.rules import Side
from rongxin.journal.papers import SealedPaper


class ApplicationForm(models.Model):
    """What a firm fills in once, for one or more institutions."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    amount_cny = models.DecimalField(max_digits=16, decimal_places=2)
    term_months = models.PositiveIntegerField()
    # Purpose and the firm's own statements: what a firm says of itself lies sealed.
    words = models.BinaryField()
    # 信用承诺: which text the person promised by; none where nothing was stated.
    commitment_version = models.CharField(max_length=20, blank=True)
    commitment_sha256 = models.CharField(max_length=64, blank=True)
    filled_in_at = models.DateTimeField()
    filled_in_by = models.CharField(max_length=200)

    class Meta:
        app_label = "financing"
        indexes: ClassVar = [models.Index(fields=["subject", "-filled_in_at"], name="form_of_subject")]

    def __str__(self) -> str:
        return str(self.id)


class Application(models.Model):
    """融资申请 to one institution. Where it stands follows from its case's outcomes, from no column here."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    form = models.ForeignKey(ApplicationForm, on_delete=models.CASCADE, related_name="applications")
    version = models.ForeignKey("financing.ProductVersion", on_delete=models.PROTECT, related_name="+")
    # The version's: a list goes by it.
    institution = models.ForeignKey(
        "parties.Institution", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # From here on set by the submission, and never changed.
    case = models.OneToOneField("consent.Case", null=True, on_delete=models.PROTECT, related_name="+")
    findings = models.JSONField(default=list)
    submitted_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    entry = models.UUIDField(null=True)
    # What the institution does before its decision, and what it says with it.
    taken_up_at = models.DateTimeField(null=True)
    taken_up_by = models.CharField(max_length=200, blank=True)
    answer = models.CharField(max_length=1000, blank=True)
    # Of which clock word was given: 1 that it is due, 2 that it is late.
    told_of_clock = models.PositiveSmallIntegerField(default=0)

    class Meta:
        app_label = "financing"
        indexes: ClassVar = [
            models.Index(fields=["institution", "due_on", "id"], name="application_by_due"),
            models.Index(fields=["institution", "-submitted_at", "-id"], name="application_by_day"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["form", "version"], name="application_once"),
            models.CheckConstraint(
                condition=Q(case=None, submitted_at=None, due_on=None)
                | Q(case__isnull=False, submitted_at__isnull=False, due_on__isnull=False),
                name="application_is_submitted_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class PaperRequest(models.Model):
    """补充材料要求: which papers an institution still wants; one is open at a time."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="paper_requests")
    papers = models.JSONField()
    words = models.CharField(max_length=1000, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "financing"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(answered_at=None), name="paper_request_one_open"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(answered_at__gte=F("asked_at")),
                name="paper_request_forward",
            ),
        ]


class ApplicationPaper(SealedPaper):
    """A file of the firm's; `act` is the form (for all its institutions) or one application (for one)."""

    act = models.UUIDField(db_index=True)

    class Meta:
        app_label = "financing"


class ApplicationFeedback(models.Model):
    """评价: what either side says of how an application went; each once."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="feedback")
    side = models.CharField(max_length=12)
    rating = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=1000, blank=True)
    given_at = models.DateTimeField()

    class Meta:
        app_label = "financing"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "side"], name="feedback_once"),
            models.CheckConstraint(
                condition=Q(side__in=[side.value for side in Side]), name="feedback_side_known"
            ),
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="feedback_rating_1_to_5"),
        ]
