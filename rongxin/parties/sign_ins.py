"""Signing in by password and second factor; failures lock an account here, a place, or an account everywhere.

The answer never tells which part was wrong. Passwords are checked and hashed outside any transaction.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

import pyotp
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.journal.sealing import SealedColumn
from rongxin.parties import failed_sign_ins, memberships, step_ups
from rongxin.parties.errors import NotAllowed, PartiesError, UnknownParty
from rongxin.parties.failed_sign_ins import SignInRefused
from rongxin.parties.models import Account
from rongxin.parties.rules import sign_in as rules
from rongxin.parties.rules.registration import AccountKind
from rongxin.parties.rules.sign_in import Limits, Profile
from rongxin.parties.sign_in_models import KeptFile, OldPassword, OpenSession, Passkey, SecondFactor
from rongxin.vocabulary import edition
from rongxin.vocabulary.actor import Actor, ActorKind

PARAMETERS = Path(__file__).parent / "parameters"
STEP_SECONDS = 30
#: When a password was made that nobody has chosen: it lasts until its owner has one of their own.
_HANDED_OVER = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = ("parties_secondfactor", "sealed")
#: The secrets of authenticators; a key is given up only when they are sealed by the next one, too.
SEALED = SealedColumn(*_PLACE, key=("account_id",), first=(0,), place=lambda row: (*_PLACE, row[0]))


class InvalidSignInLimits(PartiesError):
    """A file of limits for signing in can't be used as it stands."""

    code = "invalid_sign_in_limits"


class PasswordTooWeak(PartiesError):
    """A password doesn't meet the node's profile."""

    code = "password_too_weak"


@dataclass(frozen=True)
class Passed:
    """Who gave the right password, and what is still needed before a page is shown."""

    account: int
    second_factor: bool
    must_change: bool


@dataclass(frozen=True)
class Enrolment:
    """A new secret for an authenticator: as text to type and as the address that its QR code carries."""

    secret: str
    uri: str


@cache
def editions() -> tuple[Limits, ...]:
    return edition.read(PARAMETERS, "sign_in_*.yaml", Limits, broken=InvalidSignInLimits)


def limits(on: date) -> Limits:
    """Return the limits in force on a day."""
    return edition.in_force(editions(), on)


def by_password(username: str, password: str, *, origin: str, profile: str, as_of: datetime) -> Passed:
    """Check a user name and password that came from a place; SignInRefused, or SignInLocked after too many.

    An unknown name takes as long as a wrong password, and is counted and locked like one.
    """
    now_in_force = limits(timezone.localdate(as_of))
    failed_sign_ins.check_unlocked(username, origin, as_of=as_of)
    row = Account.objects.filter(username=username.strip(), kind=AccountKind.PERSON, is_active=True).first()
    right = check_password(password[: now_in_force.length_max], row.password if row else _nobody())
    if row is None or not right:
        failed_sign_ins.count(username, origin, row, now_in_force, as_of=as_of)
        raise SignInRefused("用户名、密码或验证码不正确")
    return Passed(
        row.id,
        SecondFactor.objects.filter(account=row, confirmed_at__isnull=False).exists(),
        _handed_over(row)
        or rules.outdated(
            _changed_on(row, as_of), now_in_force.profiles[profile], on=timezone.localdate(as_of)
        ),
    )


def confirm_code(account_id: int, code: str, *, origin: str, as_of: datetime) -> None:
    """Check a code of the account's authenticator (RFC 6238); each serves once, also when two ask at once."""
    row = _person(account_id)
    failed_sign_ins.check_unlocked(row.username, origin, as_of=as_of)
    with transaction.atomic():
        factor = (
            SecondFactor.objects.select_for_update().filter(account=row, confirmed_at__isnull=False).first()
        )
        step = None if factor is None else _step_of(factor, code, as_of=as_of)
        if factor is not None and step is not None:
            factor.last_step = step
            factor.save(update_fields=["last_step"])
            failed_sign_ins.forget(row.username, origin)
            step_ups.code_shown(account_id, as_of=as_of)
            return
    failed_sign_ins.count(row.username, origin, row, limits(timezone.localdate(as_of)), as_of=as_of)
    raise SignInRefused("用户名、密码或验证码不正确")


def enrol(account_id: int, *, issuer: str, as_of: datetime) -> Enrolment:
    """Give an account without a second factor a new secret; it counts once it has been confirmed.

    Asked again before that, the same secret is shown: whoever reloads the page has it in the authenticator.
    """
    row = _person(account_id)
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(account=row).first()
        if factor is not None and factor.confirmed_at is not None:
            raise NotAllowed("该账号已绑定验证器；如需更换，请由平台系统管理员先解除")
        if factor is None:
            sealed = keyring.data_keys().seal(pyotp.random_base32().encode(), place=(*_PLACE, row.id))
            factor = SecondFactor.objects.create(account=row, sealed=sealed, made_at=as_of)
        secret = _secret(factor)
    uri = pyotp.TOTP(secret).provisioning_uri(name=row.username, issuer_name=issuer)
    return Enrolment(secret, uri)


def confirm_enrolment(account_id: int, code: str, *, actor: Actor, as_of: datetime) -> None:
    """Bind the authenticator that shows this code."""
    with transaction.atomic():
        factor = (
            SecondFactor.objects.select_for_update().filter(account=account_id, confirmed_at=None).first()
        )
        step = None if factor is None else _step_of(factor, code, as_of=as_of)
        if factor is None or step is None:
            raise SignInRefused("验证码不正确，请核对手机时间后重试")
        factor.confirmed_at, factor.last_step = as_of, step
        factor.save(update_fields=["confirmed_at", "last_step"])
        _journal(account_id, "second_factor_bound", actor=actor, as_of=as_of)


def present_code(account_id: int, *, as_of: datetime) -> str:
    """Return the next code that will be accepted; for a demo, whose visitors have no authenticator."""
    if settings.RONGXIN_MODE == "production":
        raise NotAllowed("验证码只显示在绑定的验证器上")
    factor = SecondFactor.objects.filter(account=account_id).first()
    if factor is None:
        return ""
    step = max(int(as_of.timestamp()) // STEP_SECONDS, factor.last_step + 1)
    return pyotp.TOTP(_secret(factor)).generate_otp(step)


def release_second_factor(account_id: int, *, actor: Actor, as_of: datetime) -> None:
    """Take a lost authenticator from an account and end its session; it binds another at the next sign-in."""
    with transaction.atomic():
        gone, _ = SecondFactor.objects.filter(account=account_id).delete()
        Passkey.objects.filter(account=account_id).delete()  # what was on the same telephone is lost, too
        if not gone:
            raise UnknownParty(f"账号{account_id}没有绑定验证器")
        OpenSession.objects.filter(account=account_id).delete()
        _journal(account_id, "second_factor_released", actor=actor, as_of=as_of)


def change_password(
    account_id: int,
    password: str,
    *,
    profile: str,
    actor: Actor,
    as_of: datetime,
    handed_over: bool = False,
) -> None:
    """Set a person's password; PasswordTooWeak lists everything that it lacks.

    One that is `handed_over` was somebody else's idea: it opens nothing but the page on which it is changed.
    """
    row, now_in_force = _person(account_id), limits(timezone.localdate(as_of))
    held = memberships.of_account(account_id, on=timezone.localdate(as_of))
    wanted = now_in_force.profiles[profile]
    names = (row.username, *(card.party for card in held))
    found = rules.weaknesses(password, wanted, length_max=now_in_force.length_max, names=names)
    if found:
        raise PasswordTooWeak("密码不符合要求：" + "；".join(found))
    _check_new(row, password, wanted)
    hashed = make_password(password)
    with transaction.atomic():
        Account.objects.filter(pk=row.id).update(password=hashed)
        made_at = _HANDED_OVER if handed_over else as_of
        OldPassword.objects.create(account=row, hash=hashed, made_at=made_at)
        OpenSession.objects.filter(account=row).delete()
        _journal(account_id, "password_changed", actor=actor, as_of=as_of)


def has_password(account_id: int) -> bool:
    """Whether an account signs in by password; a firm's person comes by the identity provider alone."""
    row = Account.objects.filter(pk=account_id, is_active=True).first()
    return row is not None and row.has_usable_password()


def begin_session(account_id: int, *, way: str, as_of: datetime) -> UUID:
    """Open the account's one session, which ends any other; `way` says how the person was recognised."""
    number = uuid4()
    with transaction.atomic():
        KeptFile.objects.filter(account=account_id).delete()
        OpenSession.objects.update_or_create(
            account_id=account_id, defaults={"number": number, "began_at": as_of}
        )
        actor = Actor(ActorKind.ACCOUNT, str(account_id))
        refs: dict[str, str | int] = {"account": account_id, "way": way}
        entries.append(Kind.ACCOUNT_SIGNED_IN, actor=actor, refs=refs, as_of=as_of)
    return number


def session_open(account_id: int, number: UUID) -> bool:
    """Whether this still is the account's session: a later one, a new password or closing ends it."""
    return OpenSession.objects.filter(account=account_id, number=number, account__is_active=True).exists()


def end_session(account_id: int, number: UUID) -> None:
    """End a session; ending one that is over already changes nothing."""
    OpenSession.objects.filter(account=account_id, number=number).delete()


def _step_of(factor: SecondFactor, code: str, *, as_of: datetime) -> int | None:
    """Return the time step whose code this is: the present one or a neighbour, never one used before."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    totp, now = pyotp.TOTP(_secret(factor)), int(as_of.timestamp()) // STEP_SECONDS
    for step in (now, now - 1, now + 1):
        if step > factor.last_step and hmac.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def _secret(factor: SecondFactor) -> str:
    return keyring.data_keys().open(bytes(factor.sealed), place=(*_PLACE, factor.account_id)).decode()


def _check_new(row: Account, password: str, profile: Profile) -> None:
    if row.has_usable_password() and check_password(password, row.password):
        raise PasswordTooWeak("新密码不得与现用密码相同")
    for old in OldPassword.objects.filter(account=row).order_by("-made_at")[: profile.remembered]:
        if check_password(password, old.hash):
            raise PasswordTooWeak(f"不得使用最近{profile.remembered}次用过的密码")


def _handed_over(row: Account) -> bool:
    last = OldPassword.objects.filter(account=row).order_by("-id").first()
    return last is not None and last.made_at == _HANDED_OVER


def _changed_on(row: Account, as_of: datetime) -> date:
    newest = OldPassword.objects.filter(account=row).order_by("-made_at").first()
    return timezone.localdate(newest.made_at if newest else row.created_at)


@cache
def _nobody() -> str:
    """Return a hash that no password has, of the kind that accounts have."""
    return make_password(pyotp.random_base32())


def _person(account_id: int) -> Account:
    row = Account.objects.filter(pk=account_id, kind=AccountKind.PERSON, is_active=True).first()
    if row is None:
        raise UnknownParty(f"没有编号为{account_id}的有效个人账号")
    return row


def _journal(account_id: int, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"account": account_id, "change": change}
    entries.append(Kind.ACCOUNT_CREATED, actor=actor, refs=refs, as_of=as_of)
