"""`rongxin staff`: people and machines of the operator, the providers and the departments ((十))."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import membership, permission
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.registration import AccountKind

if TYPE_CHECKING:
    from rongxin.vocabulary.actor import Actor

_ROLES = sorted(
    {role.value for kind in ("operator", "provider") for role in membership.ROLES[PartyKind(kind)]}
)
_PARTY = click.option(
    "--party",
    required=True,
    metavar="PARTY",
    help="operator（平台运营单位）、provider:单位标识 或 department:部门标识 whom they work for",
)
_ROLE = click.option("--role", required=True, type=click.Choice(_ROLES), help="角色 what they may do for it")
_UNTIL = click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="任职截止日期 last day; open by default"
)


@click.group(
    "staff", help="工作人员：平台、提供单位与部门的账号、任职和密钥 Accounts, roles and keys of staff."
)
def command() -> None:
    pass


@command.command("list")
@click.option(
    "--party", default="", metavar="PARTY", help="只看该单位的 this party's only, written as for open"
)
@click.option("--name", default="", help="按姓名查找，含尚无任职的 by name, those without a role too")
def list_staff(party: str, name: str) -> None:
    """账号一览 Print accounts with their roles and keys."""
    with node.running(progress=False), answers.refusals():
        from rongxin.parties import staff

        kind, id = _party(party) if party else (None, None)
        answers.show(staff.listed(kind=kind, party=id or "", name=name, as_of=answers.now()))


@command.command("open")
@click.argument("username")
@click.argument("name")
@_PARTY
@_ROLE
@_UNTIL
@click.option("--machine", is_flag=True, help="系统账号，只凭密钥接入 a machine's, which comes by keys alone")
def open_account(
    username: str, name: str, party: str, role: str, until: datetime | None, machine: bool
) -> None:
    """开立账号并任职 Open an account for NAME and appoint it.

    Acts that take two persons ask for their real names: have them sign in by the identity provider first, and
    `appoint` the account that this made.
    """
    with node.running(progress=False), answers.refusals():
        from django.db import transaction

        from rongxin.parties import accounts

        actor, now = answers.operator(permission.SYSTEM), answers.now()
        kind = AccountKind.MACHINE if machine else AccountKind.PERSON
        with transaction.atomic():
            card = accounts.open_account(username, name, kind=kind, actor=actor, as_of=now)
            answers.show(_appoint(card.id, party, role, until, actor=actor, as_of=now))


@command.command()
@click.argument("username")
@_PARTY
@_ROLE
@_UNTIL
def appoint(username: str, party: str, role: str, until: datetime | None) -> None:
    """任职 Give an account that is there a role."""
    with node.running(progress=False), answers.refusals():
        from rongxin.parties import staff

        actor, now = answers.operator(permission.SYSTEM), answers.now()
        answers.show(_appoint(staff.found(username).id, party, role, until, actor=actor, as_of=now))


@command.command()
@click.argument("role_id", type=int)
@click.option("--why", required=True, help="理由 the reason")
def dismiss(role_id: int, why: str) -> None:
    """免职 End a role (its number: `list`); keys that stand for it open nothing any more."""
    with node.running(progress=False), answers.refusals():
        from rongxin.parties import staff

        staff.dismiss(role_id, why=why, actor=answers.operator(permission.SYSTEM), as_of=answers.now())
        answers.show({"role_id": role_id, "ended": True})


@command.command()
@click.argument("username")
def password(username: str) -> None:
    """初始密码 Print a new password, once; the person changes it at the next sign-in."""
    with node.running(progress=False), answers.refusals():
        from django.conf import settings

        from rongxin.parties import staff

        actor, now = answers.operator(permission.SYSTEM), answers.now()
        made = staff.hand_password(username, profile=settings.RONGXIN_PASSWORDS, actor=actor, as_of=now)
        answers.show({"username": username, "password": made, "must_change": True})


@command.command()
@click.argument("username")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="有效天数 days")
@click.option("--label", default="", help="用途 what it is for")
@click.option("--role-id", type=int, help="有多项任职时指明 which role, where there are several")
def key(username: str, days: int, label: str, role_id: int | None) -> None:
    """接口密钥 Print a new API key, once: for a machine, or for RONGXIN_OPERATOR_KEY at this command line."""
    with node.running(progress=False), answers.refusals():
        from rongxin.parties import staff

        made = staff.hand_key(
            username,
            label=label,
            days=days,
            role=role_id,
            actor=answers.operator(permission.SYSTEM),
            as_of=answers.now(),
        )
        until = made.expires_at.isoformat()
        answers.show({"username": username, "key": str(made.id), "secret": made.secret, "expires_at": until})


@command.command()
@click.argument("key_id", type=click.UUID)
def revoke(key_id: UUID) -> None:
    """吊销密钥 Close an API key (its number: `list`) at once and for good."""
    with node.running(progress=False), answers.refusals():
        from rongxin.parties import api_keys

        api_keys.revoke(key_id, actor=answers.operator(permission.SYSTEM), as_of=answers.now())
        answers.show({"key": str(key_id), "revoked": True})


@command.command()
@click.argument("username")
def release(username: str) -> None:
    """解除验证器 Take a lost authenticator and passkeys away; the next sign-in binds another."""
    _does(username, "release_second_factor", "released")


@command.command()
@click.argument("username")
def close(username: str) -> None:
    """停用账号 Close an account to every sign-in and key at once."""
    _does(username, "deactivate", "closed")


def _does(username: str, verb: str, done: str) -> None:
    with node.running(progress=False), answers.refusals():
        from rongxin.parties import accounts, sign_ins, staff

        card = staff.found(username)
        act = accounts.deactivate if verb == "deactivate" else sign_ins.release_second_factor
        act(card.id, actor=answers.operator(permission.SYSTEM), as_of=answers.now())
        answers.show({"username": username, done: True})


def _appoint(
    account: int, party: str, role: str, until: datetime | None, *, actor: Actor, as_of: datetime
) -> dict[str, Any]:
    from django.utils import timezone

    from rongxin.parties import accounts, memberships

    kind, id = _party(party)
    last: date | None = until.date() if until else None
    today = timezone.localdate(as_of)
    made = memberships.appoint(
        account, kind, id, Role(role), valid_from=today, valid_until=last, actor=actor, as_of=as_of
    )
    card = accounts.get(account)
    return {
        "account": account,
        "username": card.username,
        "real_name": bool(card.id_commitment),
        "party": party,
        "role": role,
        "role_label": Role(role).label,
        "role_id": made.id,
    }


def _party(text: str) -> tuple[PartyKind, str | None]:
    from rongxin.parties import staff

    name, colon, id = text.partition(":")
    known = {kind.value: kind for kind in staff.APPOINTED}
    if name not in known or bool(id) is (name == PartyKind.OPERATOR) or bool(colon) is not bool(id):
        raise click.BadParameter(
            f"{text}：请写 operator、provider:单位标识 或 department:部门标识；"
            "机构的人员由邀请开户，企业的由本人实名登录",
            param_hint="--party",
        )
    return known[name], id or None
