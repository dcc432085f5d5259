"""一家接入机构: its standing and measures, and what two persons of the operator's register of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
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
from rongxin.entrypoints.portals.operator import conditions
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance import measures
from rongxin.governance.conditions import extensions, fulfilment
from rongxin.governance.errors import GovernanceError
from rongxin.governance.measures import Wanted
from rongxin.governance.onboarding import invitations
from rongxin.governance.rules import ALONE, Act
from rongxin.parties import certificates, institution_keys, institutions, memberships, quotas
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.parties.rules.membership import Role
from rongxin.parties.rules.quota import Scope

_SEES = permission.DESK | permission.SECURITY | permission.AUDIT
_ENTERS = permission.DESK | permission.SECURITY
_ERRORS = (GovernanceError, PartiesError, ConsentError)


@visitors.page(_SEES)
def one(request: HttpRequest, visitor: Visitor, institution: str) -> HttpResponse:
    """Show an institution's standing, conditions, today's use, measures, people, keys and addresses."""
    return pages.render(request, "operator/institution.html", _one(institution, visitor))


@visitors.page(permission.SECURITY, "POST")
def measure(request: HttpRequest, visitor: Visitor, institution: str) -> HttpResponseBase:
    """Stop at once, or propose what a second person confirms."""

    def act() -> str:
        scope, allowed = request.POST.get("scope", ""), request.POST.get("allowed", "").strip()
        if allowed and pages.whole(allowed) is None:
            raise GovernanceError(_("数量须为不小于0的整数"))
        chosen = request.POST.get("act", "")
        if chosen not in list(Act):
            raise GovernanceError(_("请选择措施"))
        wanted = Wanted(
            institution,
            Act(chosen),
            Scope(scope) if scope in list(Scope) else None,
            request.POST.get("key", ""),
            pages.whole(allowed),
        )
        measures.propose(wanted, why=request.POST.get("why", ""), actor=visitor.actor, as_of=visitor.at)
        return _("已生效") if wanted.act in ALONE else _("已提出，等另一人确认")

    return _acted(request, visitor, institution, act)


@visitors.page(permission.SECURITY, "POST")
def settle(request: HttpRequest, visitor: Visitor, institution: str, number: UUID) -> HttpResponseBase:
    """Confirm or decline what another person proposed."""

    def act() -> str:
        confirms = request.POST.get("act") == "confirm"
        verb = measures.confirm if confirms else measures.decline
        verb(number, actor=visitor.actor, as_of=visitor.at)
        return _("已确认，立即生效") if confirms else _("未予采取")

    return _acted(request, visitor, institution, act)


@visitors.page(_ENTERS, "POST")
def enter(request: HttpRequest, visitor: Visitor, institution: str) -> HttpResponseBase:
    """Enter an administrator to invite, a key or an address that the institution handed over."""

    def act() -> str:
        what = request.POST.get("what", "")
        by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
        if what == "administrator":
            invitations.invite(institution, request.POST.get("name", ""), Role.ADMINISTRATOR, **by)
        elif what == "key":
            account = request.POST.get("account", "").strip()
            institution_keys.propose(
                institution,
                request.POST.get("pem", ""),
                purpose=KeyPurpose(request.POST.get("purpose") or KeyPurpose.TOKENS),
                account=pages.whole(account),
                valid_from=_day(request, "valid_from"),
                valid_until=_day(request, "valid_until"),
                **by,
            )
        else:
            addresses.propose(institution, request.POST.get("uri", ""), **by)
        return _("已录入，等另一人核准")

    return _acted(request, visitor, institution, act)


@visitors.page(permission.SECURITY, "POST")
def confirm(request: HttpRequest, visitor: Visitor, institution: str, number: UUID) -> HttpResponseBase:
    """Put in force what another person entered; an invitation's secret is shown this once."""
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    what, secret = request.POST.get("what", ""), ""

    def act() -> str:
        nonlocal secret
        if what == "administrator":
            secret = invitations.release(institution, number, **by)[1]
        elif what == "key":
            _check_key(institution, number)
            institution_keys.confirm(number, **by)
        else:
            addresses.confirm(institution, number, **by)
        return _("已核准")

    answer = _acted(request, visitor, institution, act)
    if not secret:
        return answer
    context = {**_one(institution, visitor), "secret": secret, "invitation": number}
    return pages.render(request, "operator/institution.html", context)


@visitors.page(_ENTERS, "POST")
def revoke(request: HttpRequest, visitor: Visitor, institution: str, number: UUID) -> HttpResponseBase:
    """Take back an invitation, a key or an address, at once."""
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}

    def act() -> str:
        what = request.POST.get("what", "")
        if what == "administrator":
            invitations.revoke(institution, number, **by)
        elif what == "key":
            _check_key(institution, number)
            institution_keys.revoke(number, **by)
        else:
            addresses.revoke(institution, number, **by)
        return _("已停用")

    return _acted(request, visitor, institution, act)


@visitors.page(_ENTERS, "POST")
def answer(request: HttpRequest, visitor: Visitor, institution: str, number: UUID) -> HttpResponseBase:
    """Accept that a condition is met, or send the report back with the reason that the institution reads."""
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}

    def act() -> str:
        if request.POST.get("act") == "accept":
            fulfilment.accept(institution, number, **by)
            return _("已验收")
        fulfilment.send_back(institution, number, request.POST.get("reason", ""), **by)
        return _("已退回，机构可以看到理由")

    return _acted(request, visitor, institution, act)


@visitors.page(_ENTERS, "POST")
def extend(
    request: HttpRequest, visitor: Visitor, institution: str, number: UUID, extension: UUID
) -> HttpResponseBase:
    """Recommend, grant or refuse a later day for a condition; who grants is another than who recommended."""
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}

    def act() -> str:
        match request.POST.get("act"):
            case "recommend":
                extensions.recommend(institution, number, extension, **by)
                return _("已审核，由另一人批准后期限才会变动")
            case "grant":
                extensions.grant(institution, number, extension, **by)
                return _("已同意延期，机构可以看到新的期限")
            case _other:
                extensions.refuse(institution, number, extension, request.POST.get("reason", ""), **by)
                return _("未同意延期，机构可以看到理由")

    return _acted(request, visitor, institution, act)


@visitors.page(permission.SECURITY, "POST")
def end_role(request: HttpRequest, visitor: Visitor, institution: str, number: int) -> HttpResponseBase:
    """End the role of one of the institution's people, and with it every key of it."""

    def act() -> str:
        invitations.end_role(institution, number, actor=visitor.actor, as_of=visitor.at)
        return _("已终止，其接口密钥同时失效")

    return _acted(request, visitor, institution, act)


def _acted(
    request: HttpRequest, visitor: Visitor, institution: str, act: Callable[[], str]
) -> HttpResponseBase:
    """Do it and come back; what can't be done is said above the page, with what was typed still there."""
    try:
        messages.success(request, act())
    except _ERRORS as error:
        given = {"given": request.POST, "mistake": pages.words(error)}
        context = {**_one(institution, visitor), **given}
        return pages.render(request, "operator/institution.html", context, status=422)
    return redirect("operator_institution", institution=institution)


def _check_key(institution: str, key: UUID) -> None:
    if key not in {card.id for card in institution_keys.of_institution(institution)}:
        raise PartiesError(_("该机构没有编号为%(key)s的公钥") % {"key": key})


def _day(request: HttpRequest, name: str) -> date:
    try:
        return date.fromisoformat(request.POST.get(name, ""))
    except ValueError as error:
        raise GovernanceError(_("请填写日期，形如 2026-12-31")) from error


def _one(institution: str, visitor: Visitor) -> dict[str, Any]:
    card = institutions.get(institution)
    role = (visitor.role.party_kind, visitor.role.role)
    return {
        "here": "operator_institutions",
        "one": card,
        "now": institutions.standing(institution, as_of=visitor.at),
        "decides": permission.SECURITY.admits(*role),
        "enters": _ENTERS.admits(*role),
        "acts": [{"value": act.value, "label": act.label, "alone": act in ALONE} for act in Act],
        "scopes": [(one.value, one.label) for one in Scope if one in quotas.SETTABLE],
        "purposes": list(KeyPurpose),
        "certified": certificates.required(),
        "pem_max": institution_keys.PEM_MAX,
        "measures": [
            {**one, "by": shown.actor(one["proposed_by"]), "second": shown.actor(one["decided_by"])}
            for one in measures.every(institution=institution)
        ],
        "conditions": conditions.of_institution(institution, visitor),
        **shown.registered(institution),
        "people": [
            {"role": one, "name": shown.actor(f"account:{one.account}")}
            for one in memberships.of_institution(institution)
        ],
        "counts": quotas.standing(institution, as_of=visitor.at),
    }
