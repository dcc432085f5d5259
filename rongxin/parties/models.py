"""Tables of the parties; private to this context (everybody else uses its verbs)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Substr

from rongxin.parties import break_glass_models as break_glass_models
from rongxin.parties import list_models as list_models
from rongxin.parties import quota_models as quota_models
from rongxin.parties import sign_in_models as sign_in_models
from rongxin.parties.bureaus.models import Bureau
from rongxin.parties.rules.duty import State as DutyState
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.parties.rules.membership import ROLES, PartyKind
from rongxin.parties.rules.registration import AccountKind, AliasKind, RegistrationStatus
from rongxin.parties.rules.standing import Standing
from rongxin.vocabulary.labelled import Labelled


def _choices(words: Iterable[Labelled]) -> list[tuple[str, str]]:
    return [(word.value, word.label) for word in words]


class Subject(models.Model):
    """信息主体: a firm, individual business, cooperative or village collective."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=32)
    uscc = models.CharField(max_length=18, unique=True, null=True)
    name = models.CharField(max_length=300)
    canonical_name = models.CharField(max_length=300)
    registration_status = models.CharField(
        max_length=16, choices=_choices(RegistrationStatus), default=RegistrationStatus.UNREGISTERED.value
    )
    region = models.CharField(max_length=6, blank=True)
    industry = models.CharField(max_length=5, blank=True)
    size_class = models.CharField(max_length=8, default="unknown")
    # The legal representative, the head of a collective, or the operator (经营者) of an individual business.
    legal_representative = models.CharField(max_length=128, blank=True)
    # Keyed commitment to that person's identity number; the number itself is never kept here.
    legal_representative_commitment = models.CharField(max_length=64, blank=True)
    established_on = models.DateField(null=True)
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["canonical_name"], name="subject_by_canonical_name"),
            # The old 组织机构代码 inside the code (positions 9–17), by which older records go.
            models.Index(Substr("uscc", 9, 9), name="subject_by_organisation_code"),
            models.Index(fields=["legal_representative_commitment"], name="subject_by_representative"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(registration_status__in=[s.value for s in RegistrationStatus]),
                name="subject_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(registration_status=RegistrationStatus.REGISTERED.value) | Q(uscc__isnull=False),
                name="registered_subject_has_code",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.uscc or '无代码'})"


class SubjectAlias(models.Model):
    """Another code or name under which older records know a subject."""

    Kind = AliasKind

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="aliases")
    kind = models.CharField(max_length=20, choices=_choices(AliasKind))
    value = models.CharField(max_length=300)
    # What matching compares: the cleaned code, or the canonical key of the name.
    key = models.CharField(max_length=300)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["key", "kind"], name="alias_by_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "kind", "value", "valid_to"], nulls_distinct=False, name="alias_once"
            ),
        ]


class Provider(models.Model):
    """数据提供单位: which items it may hand in or answer for, and of whom (`rules.remit`, where declared)."""

    id = models.SlugField(primary_key=True, max_length=64)
    name = models.CharField(max_length=200)
    department = models.CharField(max_length=200, blank=True)
    mandate = models.JSONField(default=list)
    regions = models.JSONField(default=list)
    subject_kinds = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)


class Department(models.Model):
    """A government department that gets back what the platform holds for its duties ((五))."""

    id = models.SlugField(primary_key=True, max_length=64)
    name = models.CharField(max_length=200)


class DutyMandate(models.Model):
    """履职依据: by what law a department may see which items of whose; it takes two persons."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="duty_mandates")
    # `rules.duty.Terms` as JSON: they never change; another mandate takes the place of this one.
    terms = models.JSONField()
    state = models.CharField(max_length=16, default=DutyState.PROPOSED.value)
    proposed_by = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in DutyState]), name="duty_mandate_state_known"
            ),
            # In force is what another person has granted, whoever writes the row.
            models.CheckConstraint(
                condition=~Q(state=DutyState.GRANTED.value)
                | (~Q(decided_by="") & ~Q(decided_by=models.F("proposed_by"))),
                name="duty_mandate_takes_two",
            ),
        ]


class DutyUse(models.Model):
    """How many subjects were asked about under a mandate on a day; counted exactly."""

    mandate = models.ForeignKey(DutyMandate, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    used = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mandate", "day"], name="one_duty_row_a_day")]


class Institution(models.Model):
    """接入机构: bank, insurer, guarantor, credit service institution."""

    id = models.SlugField(primary_key=True, max_length=64)
    name = models.CharField(max_length=200)
    uscc = models.CharField(max_length=18, unique=True)
    kind = models.CharField(max_length=32)
    standing = models.CharField(max_length=16, default=Standing.PROBATION.value)
    assessed_until = models.DateField(null=True)
    # Through which day it is served while a condition of its approval is not met; None: none ends it.
    conditions_until = models.DateField(null=True)
    daily_quota = models.PositiveIntegerField(default=2000)
    contact = models.CharField(max_length=200, blank=True)
    # Whether every query must name a case, those for public information included.
    cases_required = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(standing__in=[s.value for s in Standing]), name="institution_standing_known"
            ),
        ]


class InstitutionKey(models.Model):
    """签名公钥: a public key by which an institution's signature is known; one key is one institution's."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="keys")
    # RFC 7638 thumbprint: the same key can't be registered twice, by whomever.
    key_id = models.CharField(max_length=64, unique=True)
    pem = models.TextField()
    purpose = models.CharField(max_length=12)
    # Whose tokens it asks for; none for signatures.
    account = models.ForeignKey("Account", null=True, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.CharField(max_length=200)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField()
    revoked_at = models.DateTimeField(null=True)
    # The certificate by which it came, with its intermediates (PEM); none where it came bare.
    certificate = models.TextField(null=True)
    # Why the certificate is not believed, as the journal was last told; the key itself is judged at each use.
    trouble = models.CharField(max_length=32, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=models.F("valid_from")), name="institution_key_runs_forward"
            ),
            models.CheckConstraint(
                condition=Q(purpose=KeyPurpose.TOKENS.value, account__isnull=False)
                | Q(purpose=KeyPurpose.SIGNATURES.value, account=None),
                name="institution_key_is_for_one_thing",
            ),
            # In force is what another person has confirmed, whoever writes the row.
            models.CheckConstraint(
                condition=Q(confirmed_at=None)
                | (~Q(confirmed_by="") & ~Q(confirmed_by=models.F("proposed_by"))),
                name="institution_key_takes_two",
            ),
        ]


class AccountManager(BaseUserManager["Account"]):
    """Creates accounts for Django's own machinery; the platform opens them through `parties.accounts`."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=username)


class Account(AbstractBaseUser):
    """Who logs in: a person, or a machine of an institution or provider."""

    Kind = AccountKind

    id = models.BigAutoField(primary_key=True)
    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=128)
    kind = models.CharField(max_length=8, choices=_choices(AccountKind), default=AccountKind.PERSON.value)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.username


class RealName(models.Model):
    """实名注册: what an identity provider asserted about the person behind an account; one person has one, as
    the commitment is unique: what excludes each other in an account does so in a person.
    """

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="real_name"
    )
    name = models.CharField(max_length=128)
    id_commitment = models.CharField(max_length=64, unique=True)
    issuer = models.CharField(max_length=64)
    assurance = models.PositiveSmallIntegerField()
    asserted_at = models.DateTimeField()


_PARTY_COLUMNS = ("subject", "provider", "institution", "department", "bureau")


def _one_party() -> Q:
    """Exactly the column of the party's kind is filled; the operator, being one, has none."""
    condition = Q()
    for kind in PartyKind:
        filled = {f"{column}__isnull": column != kind.value for column in _PARTY_COLUMNS}
        condition |= Q(party_kind=kind.value, **filled)
    return condition


def _role_fits() -> Q:
    condition = Q()
    for kind, roles in ROLES.items():
        condition |= Q(party_kind=kind.value, role__in=sorted(role.value for role in roles))
    return condition


class Membership(models.Model):
    """An account's role in one party, for a time."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    party_kind = models.CharField(max_length=16)
    subject = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="memberships")
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, related_name="memberships")
    institution = models.ForeignKey(
        Institution, null=True, on_delete=models.PROTECT, related_name="memberships"
    )
    department = models.ForeignKey(
        Department, null=True, on_delete=models.PROTECT, related_name="memberships"
    )
    bureau = models.ForeignKey(Bureau, null=True, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=32)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    # When an issuer of business licences last vouched that this very person represents the subject.
    vouched_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="membership_of_one_party", condition=_one_party()),
            models.CheckConstraint(name="role_fits_party", condition=_role_fits()),
            # 三权分立: one operator role per account at a time, held by the database.
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(party_kind=PartyKind.OPERATOR.value, ended_at=None),
                name="one_operator_role_an_account",
            ),
            models.UniqueConstraint(
                fields=["account", "party_kind", *_PARTY_COLUMNS, "role"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="membership_once",
            ),
            models.CheckConstraint(
                name="mandate_runs_forward",
                condition=Q(valid_until=None) | Q(valid_until__gte=models.F("valid_from")),
            ),
        ]


class ApiKey(models.Model):
    """A machine's secret: only its hash is kept, only its prefix is shown.

    It stands for one role of its account, so that who acts for two firms never acts for the wrong one.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="api_keys")
    prefix = models.CharField(max_length=16, unique=True)
    hash = models.CharField(max_length=64)
    label = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class UsedNumber(models.Model):
    """The number of a proof or an assertion that may be used once (its SHA-256), until it is over anyhow."""

    hash = models.BinaryField(primary_key=True, max_length=32)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="used_number_over")]


class IdempotencyKey(models.Model):
    """幂等键: a key of a caller's own, the request that it stands for (as a keyed hash) and its answer."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    digest = models.BinaryField(max_length=32)
    # The number under which the effect is made, where it has transactions of its own.
    number = models.UUIDField(unique=True)
    made_at = models.DateTimeField()
    until = models.DateTimeField()
    expires_at = models.DateTimeField()
    answer = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="one_answer_a_key")]
        indexes = [models.Index(fields=["expires_at"], name="idempotency_key_over")]
