"""Tables of signing in; private to `sign_ins`, `step_ups` and `kept_files`."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q


class SecondFactor(models.Model):
    """The sealed secret of a person's authenticator (RFC 6238); each of its codes serves once."""

    account = models.OneToOneField(
        "parties.Account", primary_key=True, on_delete=models.CASCADE, related_name="second_factor"
    )
    sealed = models.BinaryField(max_length=256)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    #: The last time step of 30 s of which a code was accepted.
    last_step = models.BigIntegerField(default=0)


class Passkey(models.Model):
    """A key that a person's own device holds (WebAuthn): here lies only its public half."""

    account = models.ForeignKey("parties.Account", on_delete=models.CASCADE, related_name="+")
    credential = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(max_length=2048)
    #: How often it has signed; one that goes backwards is a copy.
    counter = models.BigIntegerField()
    name = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class OldPassword(models.Model):
    """A password that an account has or had, hashed; `made_at` of the newest says how old the password is."""

    account = models.ForeignKey("parties.Account", on_delete=models.CASCADE, related_name="+")
    hash = models.CharField(max_length=128)
    made_at = models.DateTimeField()


class FailedSignIn(models.Model):
    """Failures to sign in, counted by what they share; `key` is a hash, never an address or a name."""

    key = models.BinaryField(primary_key=True, max_length=32)
    failed = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)


class OpenSession(models.Model):
    """The one session that an account has open; a later sign-in takes its place (threats T3)."""

    account = models.OneToOneField(
        "parties.Account", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    number = models.UUIDField()
    began_at = models.DateTimeField()


class KeptFile(models.Model):
    """A file of a form that came back with a mistake, sealed, for minutes; it ends with its sign-in."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(OpenSession, on_delete=models.CASCADE, related_name="+")
    session = models.UUIDField()
    party_kind = models.CharField(max_length=16)
    party = models.CharField(max_length=64)
    # The address to which the form is sent, and its field.
    form = models.CharField(max_length=300)
    field = models.CharField(max_length=100)
    size_bytes = models.PositiveIntegerField()
    sealed = models.BinaryField()
    until = models.DateTimeField(db_index=True)


class StepUp(models.Model):
    """That a person of an institution must show a new code before the next query; over once that is done."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    institution = models.ForeignKey("parties.Institution", on_delete=models.PROTECT, related_name="+")
    # As the institution names its people, in the form in which names are counted.
    person = models.CharField(max_length=128)
    demanded_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True)
    answered_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "person"], condition=Q(over_at=None), name="one_live_step_up"
            )
        ]
