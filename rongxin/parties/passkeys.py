"""通行密钥: a key in a member of staff's telephone, computer or token (WebAuthn), beside the authenticator.

It proves possession, and by PIN or finger that its owner holds it: user verification is always asked for. The
browser binds each answer to our address, so a page that looks like ours gets none that serves here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.db import IntegrityError, transaction
from django.utils import timezone
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRequestOptions,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import failed_sign_ins, sign_ins, step_ups
from rongxin.parties.errors import AlreadyKnown, NotAllowed, UnknownParty
from rongxin.parties.failed_sign_ins import SignInRefused
from rongxin.parties.models import Account
from rongxin.parties.rules.registration import AccountKind
from rongxin.parties.sign_in_models import Passkey
from rongxin.vocabulary.actor import Actor

MOST = 10
_NAME_CHARACTERS = 40
_REQUIRED = UserVerificationRequirement.REQUIRED
_CREDENTIAL_CHARACTERS = 16 << 10


@dataclass(frozen=True)
class Card:
    """What its owner sees of a passkey."""

    id: int
    name: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Site:
    """Where a passkey is used: our address as browsers know it, and what the node is called."""

    origin: str
    name: str

    @property
    def host(self) -> str:
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True)
class Asked:
    """What a page hands the browser, and the challenge that its session keeps; the answer serves once."""

    options: dict[str, Any]
    challenge: str


def of_account(account_id: int) -> list[Card]:
    """Return an account's passkeys, the oldest first."""
    rows = Passkey.objects.filter(account=account_id).order_by("id")
    return [Card(row.id, row.name, row.made_at, row.used_at) for row in rows]


def ask_to_register(account_id: int, site: Site) -> Asked:
    """Ask the browser for a new passkey of an account."""
    row = _person(account_id)
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_name=row.username,
        user_id=_handle(row.id),
        user_display_name=row.display_name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_REQUIRED
        ),
        exclude_credentials=_known(account_id),
    )
    return _asked(options)


def register(
    account_id: int, name: str, credential: str, challenge: str, site: Site, *, actor: Actor, as_of: datetime
) -> Card:
    """Take in a new passkey under a name by which its owner knows it."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= _NAME_CHARACTERS:
        raise NotAllowed(f"请为通行密钥取一个名称，至多{_NAME_CHARACTERS}个字，例如“办公室电脑”")
    try:
        found = webauthn.verify_registration_response(
            credential=credential[:_CREDENTIAL_CHARACTERS],
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise NotAllowed("这把通行密钥未通过校验，请重试；设备须能用指纹、面容或 PIN 确认本人") from error
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account_id)
        if Passkey.objects.filter(account=account_id).count() >= MOST:
            raise NotAllowed(f"一个账号至多{MOST}把通行密钥，请先删除不用的")
        try:
            with transaction.atomic():
                row = Passkey.objects.create(
                    account_id=account_id,
                    credential=found.credential_id,
                    public_key=found.credential_public_key,
                    counter=found.sign_count,
                    name=name,
                    made_at=as_of,
                )
        except IntegrityError as error:
            raise AlreadyKnown("这把通行密钥已经登记过") from error
        _journal(account_id, "passkey_added", actor=actor, as_of=as_of)
    return Card(row.id, row.name, row.made_at, None)


def remove(account_id: int, passkey: int, *, actor: Actor, as_of: datetime) -> None:
    """Take a passkey from an account at once; the authenticator stays."""
    with transaction.atomic():
        gone, _ = Passkey.objects.filter(account=account_id, pk=passkey).delete()
        if not gone:
            raise UnknownParty("没有这把通行密钥")
        _journal(account_id, "passkey_removed", actor=actor, as_of=as_of)


def ask_to_sign_in(account_id: int | None, site: Site) -> Asked:
    """Ask the browser for a passkey: of an account whose password was right, or of anybody (None)."""
    known = [] if account_id is None else _known(account_id)
    options = webauthn.generate_authentication_options(
        rp_id=site.host, allow_credentials=known, user_verification=_REQUIRED
    )
    return _asked(options)


def confirm(
    account_id: int | None, credential: str, challenge: str, site: Site, *, origin: str, as_of: datetime
) -> int:
    """Check what a passkey signed and return whose it is; SignInRefused, or SignInLocked after too many.

    With an account, it is the second factor after the password; with None it stands alone, where the profile
    allows it, and must say whose it is by itself. `origin` is the place that failures are counted by.
    """
    limits = sign_ins.limits(timezone.localdate(as_of))
    waiting = None if account_id is None else _person(account_id)
    failed_sign_ins.check_unlocked(waiting.username if waiting else "", origin, as_of=as_of)
    row = None
    try:
        with transaction.atomic():
            row = _claimed(credential, account_id)
            failed_sign_ins.check_unlocked(row.account.username, origin, as_of=as_of)
            _verify(row, credential, challenge, site, as_of=as_of)
    except (WebAuthnException, ValueError, Passkey.DoesNotExist) as error:
        owner = row.account if row else waiting
        failed_sign_ins.count(owner.username if owner else "", origin, owner, limits, as_of=as_of)
        raise SignInRefused("通行密钥未通过校验，请重试") from error
    failed_sign_ins.forget(row.account.username, origin)
    step_ups.code_shown(row.account_id, as_of=as_of)  # a passkey proves no less than a code
    return row.account_id


def _claimed(credential: str, account_id: int | None) -> Passkey:
    """Return the passkey that an answer says it is of, held until the transaction ends."""
    said = parse_authentication_credential_json(credential[:_CREDENTIAL_CHARACTERS])
    rows = Passkey.objects.select_for_update(of=("self",)).select_related("account")
    row = rows.get(credential=said.raw_id, account__is_active=True, account__kind=AccountKind.PERSON.value)
    if account_id is not None and row.account_id != account_id:
        raise Passkey.DoesNotExist
    handle = said.response.user_handle
    if handle != _handle(row.account_id) and (account_id is None or handle is not None):
        raise Passkey.DoesNotExist
    return row


def _verify(row: Passkey, credential: str, challenge: str, site: Site, *, as_of: datetime) -> None:
    """Check signature, challenge, address and user verification; the counter has to have moved on."""
    done = webauthn.verify_authentication_response(
        credential=credential,
        expected_challenge=base64url_to_bytes(challenge),
        expected_rp_id=site.host,
        expected_origin=site.origin,
        credential_public_key=bytes(row.public_key),
        credential_current_sign_count=row.counter,
        require_user_verification=True,
    )
    row.counter, row.used_at = done.new_sign_count, as_of
    row.save(update_fields=["counter", "used_at"])


def _asked(options: PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions) -> Asked:
    return Asked(options_to_json_dict(options), bytes_to_base64url(options.challenge))


def _known(account_id: int) -> list[PublicKeyCredentialDescriptor]:
    rows = Passkey.objects.filter(account=account_id)
    return [PublicKeyCredentialDescriptor(id=bytes(row.credential)) for row in rows]


def _handle(account_id: int) -> bytes:
    return f"rongxin:{account_id}".encode()


def _person(account_id: int) -> Account:
    row = Account.objects.filter(pk=account_id, kind=AccountKind.PERSON, is_active=True).first()
    if row is None:
        raise UnknownParty(f"没有编号为{account_id}的有效个人账号")
    return row


def _journal(account_id: int, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"account": account_id, "change": change}
    entries.append(Kind.ACCOUNT_CREATED, actor=actor, refs=refs, as_of=as_of)
