"""Tables of consent; private to this context (everybody else uses its verbs)."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from rongxin.consent.deletion.rules import State as DeletionState
from rongxin.consent.rules import Form, Status
from rongxin.consent.signing.rules import State as SigningState
from rongxin.consent.signing.rules import What


class Case(models.Model):
    """融资业务: the loan, guarantee or insurance for which a firm's information is needed."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    # The institution's own number of the matter, so that every query can be laid beside an application.
    reference = models.CharField(max_length=128)
    kind = models.CharField(max_length=32)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "reference"], name="case_reference_once"),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(closed_on__gte=F("opened_on")),
                name="case_closes_after_opening",
            ),
        ]


class Consent(models.Model):
    """授权: the signed artefact and where it stands. The artefact never changes; its status does."""

    id = models.UUIDField(primary_key=True)
    # One index over the three serves every look-up; single ones would only cost.
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+", db_index=False)
    institution = models.ForeignKey(
        "parties.Institution", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    form = models.CharField(max_length=8)
    artefact = models.TextField()
    valid_from = models.DateField()
    valid_until = models.DateField()
    granted_at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    status = models.CharField(max_length=12, default=Status.ACTIVE.value)
    status_at = models.DateTimeField()
    status_why = models.CharField(max_length=200, blank=True)
    # Keyed seal over artefact and status: a row edited past the verbs of this context is refused.
    seal = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "institution", "case"], name="consent_by_parties"),
            models.Index(fields=["institution", "-granted_at", "-id"], name="consent_of_institution"),
            models.Index(
                fields=["valid_until"],
                name="consent_due",
                condition=Q(status__in=[Status.ACTIVE.value, Status.PAUSED.value]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in Status]), name="consent_status_known"
            ),
            models.CheckConstraint(condition=Q(form__in=[f.value for f in Form]), name="consent_form_known"),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="consent_runs_forward"
            ),
        ]


class ConsentRequest(models.Model):
    """An institution's request for consent, which the firm accepts or declines."""

    class Status(models.TextChoices):
        OPEN = "open", "待答复"
        ACCEPTED = "accepted", "已授权"
        DECLINED = "declined", "已拒绝"

    id = models.UUIDField(primary_key=True, default=uuid4)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="requests")
    # The draft of the terms: template, items, purpose, dates.
    draft = models.JSONField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=64)
    answered_at = models.DateTimeField(null=True)
    answer_note = models.CharField(max_length=500, blank=True)
    consent = models.OneToOneField(Consent, null=True, on_delete=models.PROTECT, related_name="request")


class RedirectUri(models.Model):
    """回调地址: where an institution's customers may be sent back to; in force by two persons."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    uri = models.CharField(max_length=500)
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=200)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=200, blank=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "uri"],
                condition=models.Q(revoked_at=None),
                name="one_live_redirect_uri",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_at=None, confirmed_by="")
                | (models.Q(confirmed_at__isnull=False) & ~models.Q(confirmed_by=models.F("proposed_by"))),
                name="redirect_uri_takes_two",
            ),
        ]


class PushedRequest(models.Model):
    """跳转授权: a request that a client pushed for a person who comes by a link; secrets stand as hashes."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    request = models.ForeignKey(ConsentRequest, on_delete=models.PROTECT, related_name="+")
    client = models.CharField(max_length=150)
    redirect_uri = models.CharField(max_length=500)
    state = models.CharField(max_length=512)
    challenge = models.CharField(max_length=64)
    link = models.CharField(max_length=64, unique=True)
    pushed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    answer = models.CharField(max_length=8, blank=True)
    answered_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=64, blank=True, db_index=True)
    code_until = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)


class SigningRule(models.Model):
    """签署规则: how many of a firm's people must sign; one it ever had stays. No moment: others have to
    agree.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    needed = models.PositiveSmallIntegerField()
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey("parties.Account", on_delete=models.PROTECT, related_name="+")
    effective_at = models.DateTimeField(null=True)
    # Dropped or replaced before it held.
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "-effective_at"], name="signing_rule_of_subject")]
        constraints = [
            models.CheckConstraint(condition=Q(needed__gte=1), name="signing_rule_asks_somebody"),
            models.CheckConstraint(
                condition=Q(dropped_at=None) | Q(effective_at=None) | Q(dropped_at__lt=F("effective_at")),
                name="signing_rule_held_stays",
            ),
        ]


class SigningMatter(models.Model):
    """待签事项: a consent or an application that one person has signed and others have yet to."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=12)
    # The request that it answers, else the case; of an application the application.
    about = models.UUIDField()
    # What the first person saw, to the letter, and its digest, which every signature names.
    content = models.JSONField()
    preview_sha256 = models.CharField(max_length=64)
    needed = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    lapses_on = models.DateField()
    state = models.CharField(max_length=12, default=SigningState.AWAITING.value)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["what", "about"],
                condition=Q(state=SigningState.AWAITING.value),
                name="one_matter_awaits",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in SigningState]), name="matter_state_known"
            ),
            models.CheckConstraint(condition=Q(what__in=[w.value for w in What]), name="matter_known"),
        ]
        indexes = [
            models.Index(
                fields=["subject", "lapses_on"],
                name="matter_awaits",
                condition=Q(state=SigningState.AWAITING.value),
            )
        ]


class GivenSignature(models.Model):
    """签署: one person's, of a matter or of a firm's rule; signatures only ever grow."""

    id = models.BigAutoField(primary_key=True)
    matter = models.ForeignKey(
        SigningMatter, null=True, on_delete=models.PROTECT, related_name="signatures", db_index=False
    )
    rule = models.ForeignKey(
        SigningRule, null=True, on_delete=models.PROTECT, related_name="signatures", db_index=False
    )
    account = models.ForeignKey("parties.Account", on_delete=models.PROTECT, related_name="+")
    # By whose word the person is known, how surely, and when: the second factor.
    name = models.CharField(max_length=128)
    commitment = models.CharField(max_length=64)
    issuer = models.CharField(max_length=64)
    assurance = models.PositiveSmallIntegerField()
    asserted_at = models.DateTimeField()
    signed_at = models.DateTimeField()
    preview_sha256 = models.CharField(max_length=64)
    # The legal representative's own consent, where this person gave it beside the firm's.
    agrees_as_person = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(matter=None, rule__isnull=False) | Q(matter__isnull=False, rule=None),
                name="signature_of_one_thing",
            ),
            models.UniqueConstraint(fields=["matter", "commitment"], name="a_person_signs_a_matter_once"),
            models.UniqueConstraint(fields=["rule", "commitment"], name="a_person_signs_a_rule_once"),
        ]


class GivenNumber(models.Model):
    """户号: the number of a meter that the firm gave with its consent, sealed; of a matter until all have
    signed.
    """

    id = models.UUIDField(primary_key=True)
    consent = models.ForeignKey(
        Consent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    matter = models.ForeignKey(SigningMatter, null=True, on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=64)
    sealed = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(consent=None, matter__isnull=False) | Q(consent__isnull=False, matter=None),
                name="number_of_one_thing",
            ),
            models.UniqueConstraint(fields=["consent", "item"], name="one_number_an_item"),
        ]


class Scan(models.Model):
    """The image of a signed paper, named by its own SHA-256; kept in the database so that it commits with
    the act.
    """

    sha256 = models.CharField(primary_key=True, max_length=64)
    media_type = models.CharField(max_length=64)
    content = models.BinaryField()


class WrittenProposal(models.Model):
    """A consent on paper: one person proposes with the scan, another checks."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "待复核"
        CONFIRMED = "confirmed", "已确认"
        REJECTED = "rejected", "已退回"

    id = models.UUIDField(primary_key=True, default=uuid4)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="proposals")
    draft = models.JSONField()
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="+")
    signed_by = models.CharField(max_length=128)
    signed_on = models.DateField()
    notice_version = models.CharField(max_length=32)
    notice_sha256 = models.CharField(max_length=64)
    proposed_by = models.ForeignKey("parties.Account", on_delete=models.PROTECT, related_name="+")
    proposed_for = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    checked_by = models.ForeignKey("parties.Account", null=True, on_delete=models.PROTECT, related_name="+")
    checked_for = models.CharField(max_length=80, blank=True)
    checked_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PROPOSED)
    note = models.CharField(max_length=500, blank=True)
    consent = models.OneToOneField(Consent, null=True, on_delete=models.PROTECT, related_name="proposal")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=F("proposed_by")), name="two_persons_check"
            ),
            # One paper is one consent: it names one case, whoever hands it in again.
            models.UniqueConstraint(fields=["scan"], condition=~Q(status="rejected"), name="scan_once"),
        ]


class ImportedConsent(models.Model):
    """What another platform says a firm consented to; it covers nothing. Only a paper that two persons check
    becomes a consent, by `WrittenProposal`.
    """

    id = models.UUIDField(primary_key=True)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=128)
    content = models.JSONField()
    scan = models.ForeignKey(Scan, null=True, on_delete=models.PROTECT, related_name="+")
    missing = models.JSONField()
    proposal = models.OneToOneField(
        WrittenProposal, null=True, on_delete=models.PROTECT, related_name="imported"
    )
    imported_at = models.DateTimeField()


class Notification(models.Model):
    """What the firm is told out of band about its consents (threats T7)."""

    id = models.BigAutoField(primary_key=True)
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    text = models.CharField(max_length=500)
    refs = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)


class DeletionDuty(models.Model):
    """What an institution owes for a consent that has ended and under which it received something."""

    consent = models.OneToOneField(
        Consent, primary_key=True, on_delete=models.PROTECT, related_name="deletion_duty"
    )
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    subject = models.ForeignKey("parties.Subject", on_delete=models.PROTECT, related_name="+")
    items = models.JSONField()
    state = models.CharField(max_length=12, default=DeletionState.OWED.value)
    # A statement made earlier says nothing of what is owed now.
    since = models.DateTimeField()
    due_on = models.DateField()
    until = models.DateField(null=True)
    law = models.CharField(max_length=40, blank=True)
    # The due day that has been journalled as missed: each is once.
    missed_on = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_on"],
                name="deletion_due",
                condition=Q(state__in=[DeletionState.OWED.value, DeletionState.LAPSED.value]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in DeletionState]), name="deletion_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=DeletionState.RESTRICTED.value) | (Q(until__isnull=False) & ~Q(law="")),
                name="kept_until_a_day_under_a_law",
            ),
        ]


class DeletionReceipt(models.Model):
    """A signed statement that was taken; receipts only ever grow."""

    class SignedBy(models.TextChoices):
        INSTITUTION = "institution", "机构签名"
        NODE = "node", "机构账号陈述，平台签名"

    id = models.UUIDField(primary_key=True, default=uuid4)
    duty = models.ForeignKey(DeletionDuty, on_delete=models.PROTECT, related_name="receipts")
    act = models.CharField(max_length=12)
    token = models.TextField()
    signed_by = models.CharField(max_length=12, choices=SignedBy)
    # Whose account brought it; where the node signed, this account is named in what it signed.
    account = models.ForeignKey("parties.Account", on_delete=models.PROTECT, related_name="+")
    deleted_on = models.DateField(null=True)
    until = models.DateField(null=True)
    law = models.CharField(max_length=40, blank=True)
    received_at = models.DateTimeField()
    after_due = models.BooleanField()
    entry = models.UUIDField()
