"""邀请: how people of an approved institution get their accounts ((五)(十)).

The first administrator is invited by one person of the operator's and released by another, who hands the
secret over; further ones alike. The administrator invites the institution's clerks and checkers, opens the
accounts of its machines and ends what it opened; it asks nothing of the platform itself. An invitation names
a person: who accepts must be that person by an identity provider's word. It is good once, for a week.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from pydantic import Field

from rongxin.catalogue import redaction
from rongxin.governance.errors import (
    GovernanceError,
    InvitationRefused,
    NotTheirInstitution,
    UnknownInvitation,
)
from rongxin.governance.models import Invitation as Row
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import accounts, api_keys, institutions, memberships, second_person
from rongxin.parties.rules.identity import Assertion, plain
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.registration import AccountKind
from rongxin.parties.rules.standing import Standing
from rongxin.proof import canonical
from rongxin.vocabulary import edition
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

_WHAT = "机构管理员的邀请"
PARAMETERS = Path(__file__).parent.parent / "parameters"


class InvalidInvitationParameters(GovernanceError):
    """A file of the invitations' numbers can't be used as it stands."""

    code = "invalid_invitation_parameters"


class Policy(edition.Edition):
    """What is in force from a day on; the file says what each is for."""

    valid_days: int = Field(ge=1, le=31)
    key_days: int = Field(ge=1, le=366)
    open_max: int = Field(ge=1)


@cache
def _editions() -> tuple[Policy, ...]:
    return edition.read(PARAMETERS, "invitations_*.yaml", Policy, broken=InvalidInvitationParameters)


def policy(on: date) -> Policy:
    """Return the edition of a day."""
    return edition.in_force(_editions(), on)


@dataclass(frozen=True)
class Card:
    """An invitation as those see it who may; its secret is shown once, when it is released."""

    id: UUID
    institution: str
    name: str
    role: Role
    invited_by: str
    invited_at: datetime
    released_by: str
    until: datetime | None
    accepted_at: datetime | None
    account: int | None
    revoked_at: datetime | None

    def document(self) -> dict[str, Any]:
        """What people see of it, JSON-ready."""
        return {
            "invitation": str(self.id),
            "institution": self.institution,
            "name": self.name,
            "role": self.role.value,
            "role_label": self.role.label,
            "invited_by": self.invited_by,
            "invited_at": self.invited_at.isoformat(),
            "released_by": self.released_by or None,
            "until": self.until.isoformat() if self.until else None,
            "accepted_at": self.accepted_at.isoformat() if self.accepted_at else None,
            "account": self.account,
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
        }


@dataclass(frozen=True)
class Accepted:
    """Who came on board: the account, and its key, shown this once."""

    account: accounts.Card
    role: memberships.Card
    key: api_keys.Issued


def invite(
    institution: str, name: str, role: Role, *, actor: Actor, as_of: datetime
) -> tuple[Card, str | None]:
    """Invite a person by name. The institution's administrator gets the secret of a clerk's or checker's
    invitation at once; an administrator's, of the operator's inviting, waits for another person's release.
    """
    by_operator = role is Role.ADMINISTRATOR
    person = second_person.of_operator(actor=actor, what=_WHAT) if by_operator else _own(institution, actor)
    if institutions.get(institution).standing in (Standing.PROBATION, Standing.CLOSED):
        raise InvitationRefused("机构尚未获准接入或已终止接入，不能邀请其人员")
    if not name.strip() or redaction.holds_number(name):
        raise InvitationRefused("请写明被邀请人的姓名，不得填写号码")
    with transaction.atomic():
        if _open(institution).count() >= policy(timezone.localdate(as_of)).open_max:
            raise InvitationRefused("该机构未接受的邀请过多，请先撤销一些")
        row = Row(
            id=uuid4(),
            institution_id=institution,
            name=name.strip(),
            role=role.value,
            invited_by=person,
            invited_at=as_of,
        )
        secret = None if by_operator else _release(row, person, as_of)
        row.save(force_insert=True)
        _journal(row, "invited", actor=actor, as_of=as_of)
    return _card(row), secret


def release(institution: str, invitation: UUID, *, actor: Actor, as_of: datetime) -> tuple[Card, str]:
    """Put an administrator's invitation in force as another person; return the secret, shown this once."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _held(institution, invitation)
        if row.released_by:
            raise InvitationRefused("该邀请已经核准，密码只显示一次；如已遗失，请撤销后另发")
        second_person.check_other(person, row.invited_by, what=_WHAT)
        secret = _release(row, person, as_of)
        row.save(update_fields=["released_by", "secret", "until"])
        _journal(row, "invitation_released", actor=actor, as_of=as_of)
    return _card(row), secret


def revoke(institution: str, invitation: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Take an invitation back that nobody has accepted."""
    if not actor.is_operator:
        _own(institution, actor)
    with transaction.atomic():
        row = _held(institution, invitation)
        row.revoked_at = as_of
        row.save(update_fields=["revoked_at"])
        _journal(row, "invitation_revoked", actor=actor, as_of=as_of)
    return _card(row)


def accept(
    invitation: UUID, secret: str, assertion: Assertion, *, username: str, as_of: datetime
) -> Accepted:
    """Take an invitation up as the person whom it names; the account's key is shown this once.

    `username` is for a person who has no account yet.
    """
    with transaction.atomic():
        row = Row.objects.select_for_update(no_key=True).filter(pk=invitation).first()
        known = row.secret if row is not None and row.secret else "0" * 64
        same = hmac.compare_digest(known, sha256(secret.encode()).hexdigest())
        if row is None or not same or row.until is None or as_of > row.until:
            raise UnknownInvitation("没有此邀请，或密码不符、已过期，请向邀请人核实")
        if row.accepted_at is not None or row.revoked_at is not None:
            raise UnknownInvitation("该邀请已被接受或撤销，请向邀请人核实")
        if plain(assertion.name) != plain(row.name):
            raise InvitationRefused("实名认证的姓名与邀请不一致，请由被邀请人本人办理")
        account = accounts.of_person(assertion)
        if account is None:
            account = accounts.open_account(username, assertion.name, actor=SYSTEM, as_of=as_of)
        actor = Actor(ActorKind.ACCOUNT, str(account.id), f"institution:{row.institution_id}")
        accounts.register_real_name(account.id, assertion, actor=actor, as_of=as_of)
        role = _appoint(row, account, actor, as_of)
        row.accepted_at, row.account_id, row.secret = as_of, account.id, ""
        row.save(update_fields=["accepted_at", "account", "secret"])
        _journal(row, "invitation_accepted", actor=actor, as_of=as_of)
        issued = _key(account.id, role.id, "接受邀请", actor, as_of)
    return Accepted(account, role, issued)


def open_machine(institution: str, username: str, label: str, *, actor: Actor, as_of: datetime) -> Accepted:
    """Open the account of a machine of the institution's, as its administrator; it asks as a clerk does."""
    _own(institution, actor)
    with transaction.atomic():
        account = accounts.open_account(username, label, kind=AccountKind.MACHINE, actor=actor, as_of=as_of)
        role = memberships.appoint(
            account.id,
            PartyKind.INSTITUTION,
            institution,
            Role.CLERK,
            valid_from=timezone.localdate(as_of),
            actor=actor,
            as_of=as_of,
        )
        issued = _key(account.id, role.id, label, actor, as_of)
    return Accepted(account, role, issued)


def end_role(institution: str, membership: int, *, actor: Actor, as_of: datetime) -> None:
    """End the role of one of the institution's people or machines, and so every key of it.

    Its administrator ends clerks and checkers; an administrator's role is the operator's to end.
    """
    role = next((one for one in memberships.of_institution(institution) if one.id == membership), None)
    if role is None or (role.role is Role.ADMINISTRATOR and not actor.is_operator):
        raise UnknownInvitation(f"该机构没有编号为{membership}的任职可由您终止")
    if not actor.is_operator:
        _own(institution, actor)
    memberships.end(membership, why="ended_by_administrator", actor=actor, as_of=as_of)


def of_institution(institution: str) -> list[Card]:
    """Return an institution's invitations, the newest first."""
    return [_card(row) for row in Row.objects.filter(institution=institution).order_by("-invited_at", "id")]


def _own(institution: str, actor: Actor) -> str:
    if actor.party != f"institution:{institution}" or actor.kind is not ActorKind.ACCOUNT:
        raise NotTheirInstitution("只能由该机构的管理员办理")
    return f"{actor.kind}:{actor.id}"


def _appoint(row: Row, account: accounts.Card, actor: Actor, as_of: datetime) -> memberships.Card:
    """Give the role; who administers an institution does not also query in its name."""
    today, role = timezone.localdate(as_of), Role(row.role)
    others = [one.role for one in memberships.of_account(account.id, on=today)
              if (one.party_kind, one.party) == (PartyKind.INSTITUTION, row.institution_id)]  # fmt: skip
    if (role is Role.ADMINISTRATOR and others) or Role.ADMINISTRATOR in others:
        raise InvitationRefused("机构管理员不得兼任经办或复核，请另派人员")
    return memberships.appoint(
        account.id,
        PartyKind.INSTITUTION,
        row.institution_id,
        role,
        valid_from=today,
        actor=actor,
        as_of=as_of,
    )


def _key(account: int, role: int, label: str, actor: Actor, as_of: datetime) -> api_keys.Issued:
    expires_at = as_of + timedelta(days=policy(timezone.localdate(as_of)).key_days)
    return api_keys.issue(
        account, label=label, expires_at=expires_at, membership=role, actor=actor, as_of=as_of
    )


def _release(row: Row, person: str, as_of: datetime) -> str:
    secret = secrets.token_urlsafe(32)
    row.released_by, row.secret = person, sha256(secret.encode()).hexdigest()
    row.until = as_of + timedelta(days=policy(timezone.localdate(as_of)).valid_days)
    return secret


def _open(institution: str) -> Any:
    return Row.objects.filter(institution=institution, accepted_at=None, revoked_at=None)


def _held(institution: str, invitation: UUID) -> Row:
    row: Row | None = _open(institution).select_for_update(no_key=True).filter(pk=invitation).first()
    if row is None:
        raise UnknownInvitation(f"没有编号为{invitation}的待接受邀请")
    return row


def _journal(row: Row, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "institution": row.institution_id,
        "invitation": str(row.pk),
        "change": change,
        "role": row.role,
    }
    said = {"name": canonical.digest({"invitation": row.pk, "name": row.name})}
    entries.append(Kind.INSTITUTION_CHANGED, actor=actor, refs=refs, commitments=said, as_of=as_of)


def _card(row: Row) -> Card:
    return Card(
        row.pk,
        row.institution_id,
        row.name,
        Role(row.role),
        row.invited_by,
        row.invited_at,
        row.released_by,
        row.until,
        row.accepted_at,
        row.account_id,
        row.revoked_at,
    )
