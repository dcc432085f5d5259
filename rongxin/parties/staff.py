"""工作人员: who works for the operator, a provider or a department, and by what they come in.

An institution's people are invited (`governance.onboarding`), a firm's recognise themselves; everybody else
is appointed here, one account a person.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from rongxin.parties import accounts, api_keys, memberships, sign_ins
from rongxin.parties.errors import NotAllowed, UnknownParty
from rongxin.parties.models import Account, ApiKey, Membership
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import Actor

#: Whose people are appointed; the others have a way of their own.
APPOINTED = (PartyKind.OPERATOR, PartyKind.PROVIDER, PartyKind.DEPARTMENT)


def found(username: str) -> accounts.Card:
    """Return the active account with a user name; raises `UnknownParty`."""
    card = accounts.named(username)
    if card is None:
        raise UnknownParty(f"没有用户名为 {username} 的有效账号；rongxin staff list 列出全部")
    return card


def hand_password(username: str, *, profile: str, actor: Actor, as_of: datetime) -> str:
    """Give a person a password that nobody has seen, to be changed at the first sign-in; return it, once."""
    password = f"Rx-{secrets.token_urlsafe(15)}-{secrets.randbelow(90) + 10}"
    card = found(username)
    sign_ins.change_password(card.id, password, profile=profile, actor=actor, as_of=as_of, handed_over=True)
    return password


def hand_key(
    username: str, *, label: str, days: int, role: int | None, actor: Actor, as_of: datetime
) -> api_keys.Issued:
    """Issue an API key of a role that is appointed; its secret is shown once."""
    card = found(username)
    held = memberships.of_account(card.id, on=timezone.localdate(as_of))
    if any(one.party_kind not in APPOINTED for one in held if role in (None, one.id)):
        raise NotAllowed(f"{username} 的这项任职不属于平台、提供单位或部门；机构与企业的密钥由其本人取得")
    return api_keys.issue(
        card.id,
        label=label,
        expires_at=as_of + timedelta(days=days),
        membership=role,
        actor=actor,
        as_of=as_of,
    )


def dismiss(role: int, *, why: str, actor: Actor, as_of: datetime) -> None:
    """End a role that is appointed, and the keys that stand for it; raises `UnknownParty`, `NotAllowed`."""
    with transaction.atomic():
        row = Membership.objects.filter(pk=role).first()
        if row is not None and PartyKind(row.party_kind) not in APPOINTED:
            raise NotAllowed(f"任职{role}不属于平台、提供单位或部门，请由其机构管理员或法定代表人办理")
        memberships.end(role, why=why, actor=actor, as_of=as_of)


def listed(*, kind: PartyKind | None, party: str, name: str, as_of: datetime) -> list[dict[str, Any]]:
    """Return the accounts of the parties that appoint, or those with this name, each with roles and keys."""
    rows = Account.objects.select_related("real_name").order_by("username")
    if name:
        rows = rows.filter(display_name__icontains=name)
    else:
        held = Membership.objects.filter(ended_at=None, party_kind__in=[kind] if kind else APPOINTED)
        if party:
            held = held.filter(**{f"{kind}_id": party})
        rows = rows.filter(pk__in=held.values("account"))
    return [_told(row, as_of=as_of) for row in rows[:500]]


def _told(row: Account, *, as_of: datetime) -> dict[str, Any]:
    roles = memberships.of_account(row.id, on=timezone.localdate(as_of))
    keys = ApiKey.objects.filter(membership__account=row, revoked_at=None, expires_at__gt=as_of)
    return {
        "account": row.id,
        "username": row.username,
        "name": row.display_name,
        "kind": row.kind,
        "real_name": hasattr(row, "real_name"),
        "password": row.has_usable_password(),
        "active": row.is_active,
        "roles": [
            {
                "role_id": one.id,
                "party": one.party_kind.value + (f":{one.party}" if one.party else ""),
                "role": one.role.value,
                "role_label": one.role.label,
                "until": one.mandate.valid_until.isoformat() if one.mandate.valid_until else None,
            }
            for one in roles
        ],
        "keys": [
            {"key": str(one.id), "label": one.label, "expires_at": one.expires_at.isoformat()}
            for one in keys.order_by("created_at")
        ],
    }
