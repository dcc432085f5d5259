"""机构人员: who gets an account at an institution: invited, accepted, ended ((五)(十))."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from rongxin.entrypoints.api import authentication, paging
from rongxin.governance.onboarding import invitations
from rongxin.governance.onboarding.invitations import Accepted
from rongxin.parties import identity, memberships
from rongxin.parties.rules.membership import Role

router = Router(tags=["机构人员 People of institutions"])
_READ = authentication.INSTITUTION_ADMINISTRATOR | authentication.SECURITY | authentication.AUDIT
_USERNAME = r"^[A-Za-z][A-Za-z0-9._-]{2,63}$"


class AdministratorIn(Schema):
    """The person whom the institution named as its administrator."""

    name: str = Field(min_length=1, max_length=100)


class ColleagueIn(Schema):
    name: str = Field(min_length=1, max_length=100)
    role: Literal[Role.CLERK, Role.CHECKER]


class MachineIn(Schema):
    """A machine asks as a clerk does; its public key is registered by two persons of the operator's."""

    username: str = Field(pattern=_USERNAME)
    label: str = Field(min_length=1, max_length=100)


class AcceptanceIn(Schema):
    secret: str = Field(min_length=1, max_length=100, description="邀请密码")
    username: str = Field(pattern=_USERNAME, description="新账号的用户名；此人已有账号时沿用原账号")
    evidence: dict[str, str] = Field(description="身份认证平台给出的凭据；节点不接触密码")


class AccountOut(Schema):
    account: int
    username: str
    institution: str
    role: str
    role_label: str
    membership: int
    key: str = Field(description="接口密钥，只显示这一次")
    key_expires_at: datetime


@router.get("/institutions/{institution}/invitations", auth=_READ, summary="邀请一览 Invitations")
def listed(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], institution: str
) -> list[dict[str, Any]]:
    """Return who was invited to an institution, and what became of it: to its administrator and the
    operator.
    """
    authentication.check_own_institution(request, institution)
    rows = [card.document() for card in invitations.of_institution(institution)]
    return paging.whole(request, answer, wanted, rows, "-invited_at", "invitation")


@router.post(
    "/institutions/{institution}/administrators",
    auth=authentication.DESK | authentication.SECURITY,
    response={201: dict[str, Any]},
    summary="邀请机构管理员 Invite an administrator",
)
def invite_administrator(
    request: HttpRequest, institution: str, given: AdministratorIn
) -> Status[dict[str, Any]]:
    """Invite an approved institution's administrator; another person releases the invitation."""
    caller = authentication.caller(request)
    card, _ = invitations.invite(
        institution, given.name, Role.ADMINISTRATOR, actor=caller.actor, as_of=caller.at
    )
    return Status(201, card.document())


@router.post(
    "/institutions/{institution}/invitations",
    auth=authentication.INSTITUTION_ADMINISTRATOR,
    response={201: dict[str, Any]},
    summary="邀请本机构人员 Invite a colleague",
)
def invite(request: HttpRequest, institution: str, given: ColleagueIn) -> Status[dict[str, Any]]:
    """Invite a clerk or checker of the own institution; `secret` is shown this once, to be handed over."""
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    card, secret = invitations.invite(
        institution, given.name, given.role, actor=caller.actor, as_of=caller.at
    )
    return Status(201, card.document() | {"secret": secret})


@router.post(
    "/institutions/{institution}/invitations/{invitation}/release",
    auth=authentication.SECURITY,
    summary="核准邀请 Release an invitation",
)
def release(request: HttpRequest, institution: str, invitation: UUID) -> dict[str, Any]:
    """Release another person's invitation; `secret` is shown this once, to be handed over."""
    caller = authentication.caller(request)
    card, secret = invitations.release(institution, invitation, actor=caller.actor, as_of=caller.at)
    return card.document() | {"secret": secret}


@router.delete(
    "/institutions/{institution}/invitations/{invitation}",
    auth=authentication.INSTITUTION_ADMINISTRATOR | authentication.DESK | authentication.SECURITY,
    summary="撤销邀请 Take an invitation back",
)
def revoke(request: HttpRequest, institution: str, invitation: UUID) -> dict[str, Any]:
    """Take an invitation back that nobody has accepted."""
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    return invitations.revoke(institution, invitation, actor=caller.actor, as_of=caller.at).document()


@router.post(
    "/invitations/{invitation}/accept",
    auth=None,
    response={201: AccountOut},
    summary="接受邀请 Accept an invitation",
)
def accept(request: HttpRequest, invitation: UUID, given: AcceptanceIn) -> Status[AccountOut]:
    """Accept, as the person whom it names; the account's key is shown this once."""
    now = timezone.now()
    assertion = identity.attest(given.evidence, as_of=now)
    done = invitations.accept(invitation, given.secret, assertion, username=given.username, as_of=now)
    return Status(201, _account(done))


@router.get("/institutions/{institution}/people", auth=_READ, summary="机构人员 People and machines")
def people(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], institution: str
) -> list[dict[str, Any]]:
    """Return who acts for an institution: to its administrator and the operator."""
    authentication.check_own_institution(request, institution)
    rows = [
        {
            "membership": one.id,
            "account": one.account,
            "role": one.role.value,
            "role_label": one.role.label,
            "valid_from": one.mandate.valid_from.isoformat(),
        }
        for one in memberships.of_institution(institution)
    ]
    return paging.whole(request, answer, wanted, rows, "membership")


@router.post(
    "/institutions/{institution}/machines",
    auth=authentication.INSTITUTION_ADMINISTRATOR,
    response={201: AccountOut},
    summary="开立系统账号 Open a machine's account",
)
def machine(request: HttpRequest, institution: str, given: MachineIn) -> Status[AccountOut]:
    """Open the account of a machine of the own institution."""
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    done = invitations.open_machine(
        institution, given.username, given.label, actor=caller.actor, as_of=caller.at
    )
    return Status(201, _account(done))


@router.delete(
    "/institutions/{institution}/people/{membership}",
    auth=authentication.INSTITUTION_ADMINISTRATOR | authentication.SECURITY,
    response={204: None},
    summary="终止任职 End a role",
)
def end(request: HttpRequest, institution: str, membership: int) -> Status[None]:
    """End a role, and with it every key of it, at once."""
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    invitations.end_role(institution, membership, actor=caller.actor, as_of=caller.at)
    return Status(204, None)


def _account(done: Accepted) -> AccountOut:
    return AccountOut(
        account=done.account.id,
        username=done.account.username,
        institution=done.role.party,
        role=done.role.role.value,
        role_label=done.role.role.label,
        membership=done.role.id,
        key=done.key.secret,
        key_expires_at=done.key.expires_at,
    )
