"""本机构人员: invited, accepted and ended by the administrator, and the machines that ask ((五)(十))."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.consent.errors import ConsentError
from rongxin.consent.redirection import addresses
from rongxin.entrypoints.portals import pages, shown, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance.errors import GovernanceError, InvitationRefused
from rongxin.governance.onboarding import invitations
from rongxin.parties import accounts, institution_keys, institutions, memberships
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import ROLES, PartyKind, Role

_EITHER = permission.INSTITUTION | permission.INSTITUTION_ADMINISTRATOR
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{2,63}")
_ERRORS = (GovernanceError, PartiesError, ConsentError)


@visitors.page(permission.INSTITUTION_ADMINISTRATOR, unserved=True)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List the people and machines, and the invitations; by name, account and role those that are sought."""
    context = _team(visitor)
    find, role = pages.sought(request), request.GET.get("role", "")
    people = [one for one in context["people"] if _is_sought(one, find, role)]
    invited = [one for one in context["invitations"] if find in one["name"] and role in ("", one["role"])]
    context |= {"people": people, "invitations": invited, "find": find, "role": role}
    return pages.render(request, "institution/team.html", context)


@visitors.page(permission.INSTITUTION_ADMINISTRATOR, "POST")
def invite(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """Invite a clerk or checker by name; the secret is shown this once."""
    role = Role.CHECKER if request.POST.get("role") == Role.CHECKER else Role.CLERK
    try:
        card, secret = invitations.invite(
            visitor.role.party, request.POST.get("name", ""), role, actor=visitor.actor, as_of=visitor.at
        )
    except _ERRORS as error:
        return _wrong(request, visitor, error)
    context = {**_team(visitor), "secret": secret, "invitation": card.id, "whose": card.name}
    return pages.render(request, "institution/team.html", context)


@visitors.page(permission.INSTITUTION_ADMINISTRATOR, "POST")
def machine(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """Open the account of a machine; its key is shown this once."""
    username, label = (request.POST.get(key, "").strip() for key in ("username", "label"))
    try:
        if not _USERNAME.fullmatch(username) or not label:
            raise InvitationRefused(_("用户名以字母开头，3至64个字母、数字或 . _ -；并请写明用途"))
        made = invitations.open_machine(
            visitor.role.party, username, label, actor=visitor.actor, as_of=visitor.at
        )
    except _ERRORS as error:
        return _wrong(request, visitor, error)
    context = {**_team(visitor), "key": made.key.secret, "key_until": made.key.expires_at, "whose": username}
    return pages.render(request, "institution/team.html", context)


@visitors.page(permission.INSTITUTION_ADMINISTRATOR, "POST")
def revoke(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take an invitation back that nobody has accepted."""

    def act() -> None:
        invitations.revoke(visitor.role.party, number, actor=visitor.actor, as_of=visitor.at)

    return _acted(request, visitor, act, _("已撤销邀请"))


@visitors.page(permission.INSTITUTION_ADMINISTRATOR, "POST")
def end(request: HttpRequest, visitor: Visitor, number: int) -> HttpResponseBase:
    """End a role, and with it the session and every key of it, at once."""

    def act() -> None:
        invitations.end_role(visitor.role.party, number, actor=visitor.actor, as_of=visitor.at)

    return _acted(request, visitor, act, _("已终止，其会话和接口密钥同时失效"))


@visitors.page(_EITHER, unserved=True)
def access(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show what is registered of the institution: public keys and redirect addresses."""
    return pages.render(request, "institution/access.html", _access(visitor))


@visitors.page(_EITHER, "POST", unserved=True)
def stop(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Stop believing an own key, or sending people to an own address, at once."""
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    try:
        if request.POST.get("what") == "key":
            if number not in {card.id for card in institution_keys.of_institution(visitor.role.party)}:
                raise PartiesError(_("本机构没有编号为%(key)s的公钥") % {"key": number})
            institution_keys.revoke(number, **by)
        else:
            addresses.revoke(visitor.role.party, number, **by)
    except _ERRORS as error:
        context = {**_access(visitor), "mistake": pages.words(error)}
        return pages.render(request, "institution/access.html", context, status=422)
    messages.success(request, _("已停用，立即生效"))
    return redirect("institution_access")


def _acted(request: HttpRequest, visitor: Visitor, act: Callable[[], None], done: str) -> HttpResponseBase:
    try:
        act()
    except _ERRORS as error:
        return _wrong(request, visitor, error)
    messages.success(request, done)
    return redirect("institution_team")


def _wrong(request: HttpRequest, visitor: Visitor, error: Exception) -> HttpResponse:
    context = {**_team(visitor), "given": request.POST, "mistake": pages.words(error)}
    return pages.render(request, "institution/team.html", context, status=422)


def _is_sought(one: dict[str, Any], find: str, role: str) -> bool:
    named = (one["account"].display_name, one["account"].username)
    return any(find in text for text in named) and role in ("", one["role"].role.value)


def _team(visitor: Visitor) -> dict[str, Any]:
    own = institutions.get(visitor.role.party)
    return {
        "here": "institution_team",
        "institution": own,
        "people": [
            {"role": one, "account": accounts.get(one.account), "self": one.account == visitor.account.id}
            for one in memberships.of_institution(own.id)
        ],
        "invitations": shown.registered(own.id)["invitations"],
        "roles": [one for one in Role if one in ROLES[PartyKind.INSTITUTION]],
        "now": visitor.at,
    }


def _access(visitor: Visitor) -> dict[str, Any]:
    registered = shown.registered(visitor.role.party)
    return {
        "here": "institution_access",
        "keys": registered["keys"],
        "addresses": registered["addresses"],
    }
