"""Failures to sign in, counted on three axes: an account from here, a place, an account from anywhere.

One axis alone would let a spray through or lock its victims out; an unknown name is counted like a known one.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties.errors import PartiesError
from rongxin.parties.models import Account
from rongxin.parties.rules.sign_in import Axis, Limits
from rongxin.parties.sign_in_models import FailedSignIn
from rongxin.vocabulary.actor import SYSTEM


class SignInRefused(PartiesError):
    """User name, password or code is wrong, or the account is closed; which of them is not told."""

    code = "sign_in_refused"


class SignInLocked(PartiesError):
    """Too many failures; nothing is tried until the time told."""

    code = "sign_in_locked"

    def __init__(self, until: datetime) -> None:
        self.until = until
        clock = timezone.localtime(until).strftime("%H:%M")
        super().__init__(f"尝试次数过多，已暂停登录，请于{clock}后重试；如非本人操作，请与平台联系")


def check_unlocked(username: str, origin: str, *, as_of: datetime) -> None:
    """Raise SignInLocked where too much has failed for this name or from this place; "" is nobody's name."""
    keys = _keys(username, origin).values()
    locked = FailedSignIn.objects.filter(key__in=list(keys), locked_until__gt=as_of)
    until = max((row.locked_until for row in locked if row.locked_until), default=None)
    if until is not None:
        raise SignInLocked(until)


def count(username: str, origin: str, account: Account | None, limits: Limits, *, as_of: datetime) -> None:
    """Count a failure on each axis, in the order of keys so that two at once never wait for each other."""
    with transaction.atomic():
        for axis, key in sorted(_keys(username, origin).items(), key=lambda pair: pair[1]):
            row, made = FailedSignIn.objects.select_for_update().get_or_create(
                key=key, defaults={"failed": 1, "first_at": as_of}
            )
            if not made:
                fresh = as_of - row.first_at > limits.locked
                row.failed, row.first_at = (1, as_of) if fresh else (row.failed + 1, row.first_at)
            if row.failed >= axis.most(limits):
                row.locked_until, row.failed, row.first_at = as_of + limits.locked, 0, as_of
                _journal_lock(axis, account, as_of=as_of)
            row.save()


def forget(username: str, origin: str) -> None:
    """Forget what an account failed from here, once it got in."""
    FailedSignIn.objects.filter(key=_keys(username, origin)[Axis.ACCOUNT_HERE]).delete()


def _keys(username: str, origin: str) -> dict[Axis, bytes]:
    """Return what a failure is counted by; where no name was given, by the place alone."""
    name = username.strip().casefold()
    parts = {Axis.HERE: origin}
    if name:
        parts |= {Axis.ACCOUNT_HERE: f"{name}\0{origin}", Axis.ACCOUNT: name}
    return {axis: sha256(f"{axis.value}\0{part}".encode()).digest() for axis, part in parts.items()}


def _journal_lock(axis: Axis, account: Account | None, *, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"axis": axis.value}
    if account is not None and axis is not Axis.HERE:
        refs["account"] = account.id
    entries.append(Kind.SIGN_IN_LOCKED, actor=SYSTEM, refs=refs, as_of=as_of)
