"""Tables of rights; private to this room."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from rongxin.journal.papers import SealedPaper
from rongxin.rights.rules import objection, repair


class Objection(models.Model):
    """异议申诉: what a subject says is wrong about a record, or about an item of which no record is held."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=64)
    record_id = models.BigIntegerField(null=True)
    fields = models.JSONField()
    provider = models.CharField(max_length=64)
    # Who told that very row, where it is one of those that institutions tell: it checks what it told.
    institution = models.CharField(max_length=64, blank=True)
    route = models.CharField(max_length=16)
    law = models.CharField(max_length=200)
    state = models.CharField(max_length=16)
    # May say anything of anybody, so it lies sealed like what identifies persons.
    statement = models.BinaryField()
    lodged_at = models.DateTimeField()
    lodged_by = models.CharField(max_length=200)
    due_on = models.DateField()
    warnings = models.PositiveSmallIntegerField(default=0)
    forwarded_at = models.DateTimeField(null=True)
    forwarded_reference = models.CharField(max_length=200, blank=True)
    escalated_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    remedy = models.CharField(max_length=16, blank=True)
    reason = models.TextField(blank=True)
    entry = models.UUIDField()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "-lodged_at"], name="objection_by_subject"),
            models.Index(fields=["provider", "due_on"], name="objection_by_provider"),
            models.Index(
                fields=["due_on"],
                name="objection_open",
                condition=Q(state__in=sorted(state.value for state in objection.OPEN)),
            ),
        ]
        constraints = [
            # Two objections to one record at a time would be two clocks for one answer.
            models.UniqueConstraint(
                fields=["subject", "item", "record_id"],
                name="objection_one_open",
                nulls_distinct=False,
                condition=Q(state__in=sorted(state.value for state in objection.OPEN)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.item} {self.state}"


class Repair(models.Model):
    """信用修复: a request that the platform forwards, and what the national window decided."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=64)
    record_id = models.BigIntegerField()
    # Whose record it is; "" of one that was kept no more when this was asked of it.
    provider = models.CharField(max_length=64, blank=True)
    observed_on = models.DateField(null=True)
    severity = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    statement = models.BinaryField()
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    forwarded_at = models.DateTimeField(null=True)
    window = models.CharField(max_length=200, blank=True)
    window_reference = models.CharField(max_length=200, blank=True)
    silent_on = models.DateField(null=True)
    # What the window decided (`rules.repair.Decision`), the token it is signed in, and who brought it.
    decision = models.JSONField(null=True)
    decision_token = models.TextField(blank=True)
    decision_entered_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    entry = models.UUIDField()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "-requested_at"], name="repair_by_subject"),
            models.Index(fields=["provider", "-requested_at"], name="repair_by_provider"),
            models.Index(
                fields=["requested_at"],
                name="repair_open",
                condition=Q(state__in=sorted(state.value for state in repair.OPEN)),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "record_id"],
                name="repair_one_open",
                condition=Q(state__in=sorted(state.value for state in repair.OPEN)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.item} {self.state}"


class Correction(models.Model):
    """更正通知: one past recipient of one record is told that it is over, and answers."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    recipient_kind = models.CharField(max_length=16)
    recipient = models.CharField(max_length=64)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=64)
    record_id = models.BigIntegerField()
    why = models.CharField(max_length=32)
    state = models.CharField(max_length=16)
    # The signed notice (JWS): numbers of requests, item and record; no content.
    notice = models.TextField()
    created_at = models.DateTimeField()
    due_on = models.DateField()
    missed_on = models.DateField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)
    done = models.CharField(max_length=16, blank=True)
    note = models.TextField(blank=True)
    entry = models.UUIDField()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "-created_at"], name="correction_by_subject"),
            models.Index(fields=["recipient_kind", "recipient", "due_on"], name="correction_by_recipient"),
            models.Index(fields=["due_on"], name="correction_owed", condition=Q(state="owed")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient_kind", "recipient", "subject", "record_id"], name="correction_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_kind}:{self.recipient} {self.item} {self.record_id} {self.state}"


class UseHold(models.Model):
    """暂缓告知: a department's uses of a subject's information, kept from the subject's list for a while."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    department = models.CharField(max_length=64)
    legal_basis = models.CharField(max_length=500)
    until = models.DateField()
    state = models.CharField(max_length=16)
    proposed_by = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "until"], name="use_hold_by_subject")]
        constraints = [
            # Whatever path a row takes, it holds nothing back without a second person.
            models.CheckConstraint(
                condition=~Q(state="in_force")
                | (Q(confirmed_at__isnull=False) & ~Q(confirmed_by="") & ~Q(confirmed_by=F("proposed_by"))),
                name="use_hold_by_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department} {self.until} {self.state}"


class Paper(SealedPaper):
    """A file handed in with an objection or a request for repair: evidence, proof, commitment."""

    act = models.UUIDField(db_index=True)
    purpose = models.CharField(max_length=32)
