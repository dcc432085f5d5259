"""Accounts of people and machines, and their real-name registration (实名注册)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from rongxin.catalogue import redaction
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties.errors import AlreadyKnown, NotAllowed, UnknownParty
from rongxin.parties.models import Account, RealName
from rongxin.parties.rules.identity import Assertion, Assurance
from rongxin.parties.rules.registration import AccountKind
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Card:
    """What others may know of an account; the commitment stands for the person's identity number."""

    id: int
    username: str
    display_name: str
    kind: AccountKind
    is_active: bool
    real_name: str = ""
    id_commitment: str = ""


def open_account(
    username: str,
    display_name: str,
    *,
    kind: AccountKind = AccountKind.PERSON,
    password: str | None = None,
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Open an account; without a password it can log in only through an identity provider or an API key."""
    if redaction.holds_number(username) or redaction.holds_number(display_name):
        raise NotAllowed("用户名或姓名中似有个人证件号码、手机号或银行卡号，请另取")
    row = Account(username=username, display_name=display_name, kind=kind, created_at=as_of)
    row.set_password(password)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:
            raise AlreadyKnown(f"{username}: 用户名已被使用，请换一个") from error
        entries.append(Kind.ACCOUNT_CREATED, actor=actor, refs={"account": row.id}, as_of=as_of)
    return _card(row)


def register_real_name(account_id: int, assertion: Assertion, *, actor: Actor, as_of: datetime) -> Card:
    """Bind an account to the person whom an identity provider asserts; one person has one account."""
    if assertion.assurance < Assurance.SUBSTANTIAL:
        raise NotAllowed("实名认证等级不足，请完成人脸或证件认证")
    with transaction.atomic():
        row = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
        if row is None or row.kind != AccountKind.PERSON:
            raise UnknownParty(f"没有编号为{account_id}的个人账号")
        known = RealName.objects.filter(account=row).first()
        if known is not None and known.id_commitment != assertion.id_commitment:
            raise NotAllowed("该账号已由另一人实名注册；一个账号只属于一个人")
        try:
            with transaction.atomic():
                RealName.objects.update_or_create(
                    account=row,
                    defaults={
                        "name": assertion.name,
                        "id_commitment": assertion.id_commitment,
                        "issuer": assertion.issuer,
                        "assurance": assertion.assurance.value,
                        "asserted_at": assertion.at,
                    },
                )
        except IntegrityError as error:
            raise AlreadyKnown("此人已有实名账号，请用原账号登录") from error
        entries.append(
            Kind.ACCOUNT_CREATED, actor=actor, refs={"account": row.id, "change": "real_name"}, as_of=as_of
        )
    return get(account_id)


def get(account_id: int) -> Card:
    """Return an account by its number; UnknownParty where there is none."""
    row = Account.objects.select_related("real_name").filter(pk=account_id).first()
    if row is None:
        raise UnknownParty(f"没有编号为{account_id}的账号")
    return _card(row)


def named(username: str) -> Card | None:
    """Return the active account with a user name, or None."""
    row = Account.objects.select_related("real_name").filter(username=username, is_active=True).first()
    return None if row is None else _card(row)


def of_person(assertion: Assertion) -> Card | None:
    """Return the account of the person whom an identity provider asserts, or None; there is one at most."""
    row = Account.objects.filter(real_name__id_commitment=assertion.id_commitment).first()
    return None if row is None else get(row.id)


def deactivate(account_id: int, *, actor: Actor, as_of: datetime) -> None:
    """Close an account to every login and key at once (threats T3)."""
    with transaction.atomic():
        if not Account.objects.filter(pk=account_id, is_active=True).update(is_active=False):
            raise UnknownParty(f"没有编号为{account_id}的有效账号")
        entries.append(
            Kind.ACCOUNT_CREATED,
            actor=actor,
            refs={"account": account_id, "change": "deactivated"},
            as_of=as_of,
        )


def _card(row: Account) -> Card:
    real_name: RealName | None = getattr(row, "real_name", None)
    return Card(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        kind=AccountKind(row.kind),
        is_active=row.is_active,
        real_name=real_name.name if real_name else "",
        id_commitment=real_name.id_commitment if real_name else "",
    )
