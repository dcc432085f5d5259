"""实名注册: a person is recognised as a firm's legal representative; an account is opened on the way
(附件 注3: 企业实名注册后线上授权).
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from rongxin.parties import accounts, memberships, subjects
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.identity import Assertion
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

_REPRESENTS = Role.LEGAL_REPRESENTATIVE


@dataclass(frozen=True)
class Recognised:
    """The person's account, and its role in the firm."""

    account: accounts.Card
    role: memberships.Card
    actor: Actor


def account_of(assertion: Assertion, *, username: str = "", as_of: datetime) -> accounts.Card:
    """Return the account of the person whom an identity provider asserts, opened here on the first visit.

    `username` is for a person without account; without one, a name that says nothing is made up.
    """
    with transaction.atomic():
        account = accounts.of_person(assertion)
        if account is None:
            # Nobody has logged in yet: the node opens the account, and what follows is the account's own act.
            username = username or f"p{secrets.token_hex(6)}"
            account = accounts.open_account(username, assertion.name, actor=SYSTEM, as_of=as_of)
        elif not account.is_active:
            raise NotAllowed("此人的账号已停用，请与平台联系")
        actor = Actor(ActorKind.ACCOUNT, str(account.id))
        known = accounts.register_real_name(account.id, assertion, actor=actor, as_of=as_of)
        _shown_again(known, assertion, as_of=as_of)
        return known


def _shown_again(account: accounts.Card, assertion: Assertion, *, as_of: datetime) -> None:
    """Let a licence that is shown stand anew behind a role that the person has; it opens none by itself."""
    firm = subjects.find(assertion.represents) if assertion.represents else None
    today = timezone.localdate(as_of)
    if firm is None or memberships.role_in_subject(account.id, firm.id, on=today) is not _REPRESENTS:
        return
    actor = Actor(ActorKind.ACCOUNT, str(account.id), f"subject:{firm.uscc}")
    with suppress(memberships.IdentityDisagrees):  # who signs is told then
        memberships.represent(account.id, firm.id, assertion, actor=actor, as_of=as_of)


def recognise(
    subject: subjects.Card, assertion: Assertion, *, username: str = "", as_of: datetime
) -> Recognised:
    """Recognise a firm's legal representative by an assertion.

    Raises IdentityDisagrees where the person isn't the one in the registration record.
    """
    with transaction.atomic():
        account = account_of(assertion, username=username, as_of=as_of)
        actor = Actor(ActorKind.ACCOUNT, str(account.id), f"subject:{subject.uscc}")
        role = memberships.represent(account.id, subject.id, assertion, actor=actor, as_of=as_of)
    return Recognised(account, role, actor)
