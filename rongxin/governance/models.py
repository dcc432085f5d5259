"""Tables of governance; private to this room."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from rongxin.governance.conditions.rules import EXTENSION_OPEN, ExtensionState
from rongxin.governance.conditions.rules import State as ConditionState
from rongxin.governance.onboarding.rules import WAITING
from rongxin.governance.onboarding.rules import State as ApplicationState
from rongxin.governance.rules import ALONE, Act, Kind, MeasureState
from rongxin.governance.watching.rules import LIVE, Rule, State
from rongxin.journal.papers import SealedPaper


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


class Incident(models.Model):
    """处置案卷: a finding of the watch, what was done at once, what was said to it and decided."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=32)
    # Whom it is about, as the institution names its people; empty where it is about the institution.
    person = models.CharField(max_length=128, blank=True)
    action = models.CharField(max_length=16)
    figures = models.JSONField()
    edition = models.CharField(max_length=32)
    seen_from = models.DateTimeField()
    seen_until = models.DateTimeField()
    opened_at = models.DateTimeField()
    statement_due_on = models.DateField()
    decision_due_on = models.DateField()
    state = models.CharField(max_length=12, default=State.OPEN.value)
    statement = models.TextField(blank=True)
    stated_at = models.DateTimeField(null=True)
    stated_by = models.CharField(max_length=200, blank=True)
    decision = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    overdue_entry = models.UUIDField(null=True)
    # Whether the measure is this incident's own, so that clearing it takes it back.
    imposed = models.BooleanField(default=False)
    # A barred person's own limit before.
    former_limit = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rule__in=[r.value for r in Rule]), name="incident_rule_known"),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="incident_state_known"
            ),
            models.UniqueConstraint(
                fields=["institution", "rule", "person"],
                condition=Q(state__in=sorted(s.value for s in LIVE)),
                name="one_live_incident",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(s.value for s in LIVE), decided_at=None)
                | (Q(decided_at__isnull=False) & ~Q(decided_by="") & ~Q(decision="")),
                name="incident_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.rule} {self.state}"


class Measure(models.Model):
    """措施: imposed on an institution by a person of the operator's, or proposed and confirmed by another."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=16)
    scope = models.CharField(max_length=24, blank=True)
    key = models.CharField(max_length=160, blank=True)
    allowed = models.PositiveIntegerField(null=True)
    why = models.CharField(max_length=500)
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default=MeasureState.PROPOSED.value)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(act__in=[a.value for a in Act]), name="measure_act_known"),
            models.CheckConstraint(
                condition=Q(state=MeasureState.PROPOSED.value, decided_at=None, decided_by="")
                | Q(
                    state__in=[MeasureState.DONE.value, MeasureState.DECLINED.value],
                    decided_at__isnull=False,
                ),
                name="measure_decided_by_somebody",
            ),
            # What loosens is in effect by two people, whoever writes it.
            models.CheckConstraint(
                condition=~Q(state=MeasureState.DONE.value)
                | Q(act__in=sorted(act.value for act in ALONE))
                | ~Q(decided_by=models.F("proposed_by")),
                name="measure_by_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.act} {self.state}"


class Invitation(models.Model):
    """邀请: a person of an institution, invited by name; an administrator's is released by another person."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=32)
    invited_by = models.CharField(max_length=200)
    invited_at = models.DateTimeField()
    released_by = models.CharField(max_length=200, blank=True)
    # SHA-256 of the secret; gone once it was used.
    secret = models.CharField(max_length=64, blank=True)
    until = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    account = models.ForeignKey("parties.Account", null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(role="administrator") | ~Q(released_by=models.F("invited_by")),
                name="administrators_take_two",
            )
        ]


class InstitutionApplication(models.Model):
    """接入申请: who applies with which documents, what was found, who assessed and who decided."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    institution = models.SlugField(max_length=64, db_index=False)
    name = models.CharField(max_length=200)
    uscc = models.CharField(max_length=18)
    kind = models.CharField(max_length=32)
    contact = models.CharField(max_length=200)
    documents = models.JSONField()
    renewal = models.BooleanField()
    edition = models.CharField(max_length=32)
    # Of a first application: SHA-256 of the secret by which its applicant follows it, and of the place from
    # which it came, while it waits.
    secret = models.CharField(max_length=64, blank=True)
    origin = models.CharField(max_length=64, blank=True)
    # Of a renewal: whose act it was, at the institution.
    submitted_by = models.CharField(max_length=200, blank=True)
    submitted_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=ApplicationState.SUBMITTED.value)
    findings = models.JSONField(default=dict)
    percent = models.PositiveSmallIntegerField(null=True)
    conditions = models.JSONField(default=list)
    assessed_by = models.CharField(max_length=200, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    valid_until = models.DateField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in ApplicationState]), name="application_state_known"
            ),
            # Approved is what another person than the assessor approved, whoever writes the row.
            models.CheckConstraint(
                condition=~Q(state=ApplicationState.APPROVED.value)
                | (~Q(assessed_by="") & ~Q(decided_by="") & ~Q(decided_by=models.F("assessed_by"))),
                name="approval_takes_two",
            ),
            models.UniqueConstraint(
                fields=["institution"],
                condition=Q(renewal=True, state__in=[s.value for s in WAITING]) & ~Q(submitted_by=""),
                name="one_waiting_renewal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.state}"


class ApprovalCondition(models.Model):
    """接入条件: what an institution was approved on, by when, what it reported and what was said to that."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    application = models.ForeignKey(InstitutionApplication, on_delete=models.PROTECT, related_name="+")
    institution = models.SlugField(max_length=64)
    number = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=500)
    # None for approvals from before conditions had a date: they are asked for, and nothing follows by itself.
    due_on = models.DateField(null=True)
    edition = models.CharField(max_length=32)
    state = models.CharField(max_length=12, default=ConditionState.OPEN.value)
    statement = models.TextField(blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    reported_at = models.DateTimeField(null=True)
    reported_by = models.CharField(max_length=200, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, blank=True)
    reminded_at = models.DateTimeField(null=True)
    overdue_entry = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in ConditionState]), name="condition_state_known"
            ),
            models.UniqueConstraint(fields=["application", "number"], name="one_condition_of_a_number"),
            # Accepted is what was reported with something that shows it, and accepted by somebody.
            models.CheckConstraint(
                condition=~Q(state=ConditionState.ACCEPTED.value)
                | (~Q(evidence_sha256="") & ~Q(reported_by="") & ~Q(answered_by="")),
                name="acceptance_rests_on_a_report",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.number} {self.state}"


class ConditionExtension(models.Model):
    """延期申请: a later day for a condition, asked for by the institution and decided by two persons."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    condition = models.ForeignKey(ApprovalCondition, on_delete=models.PROTECT, related_name="extensions")
    due_before = models.DateField()
    due_wanted = models.DateField()
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=12, default=ExtensionState.ASKED.value)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    recommended_at = models.DateTimeField(null=True)
    recommended_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in ExtensionState]), name="extension_state_known"
            ),
            models.CheckConstraint(
                condition=Q(due_wanted__gt=models.F("due_before")), name="extension_is_later"
            ),
            models.UniqueConstraint(
                fields=["condition"],
                condition=Q(state__in=sorted(s.value for s in EXTENSION_OPEN)),
                name="one_open_extension_of_a_condition",
            ),
            # Whatever path it takes: no day is moved by one person.
            models.CheckConstraint(
                condition=~Q(state=ExtensionState.GRANTED.value)
                | (~Q(recommended_by="") & ~Q(decided_by="") & ~Q(decided_by=models.F("recommended_by"))),
                name="extension_granted_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.condition_id} {self.due_wanted} {self.state}"


class ApplicationDocument(SealedPaper):
    """A file that an application or its assessment names by its hash, sealed."""

    application = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "sha256"], name="one_file_of_a_hash"),
        ]
