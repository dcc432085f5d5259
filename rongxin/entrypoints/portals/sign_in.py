"""Signing in and out: a firm's person by an identity provider's word, staff by password and authenticator."""

from __future__ import annotations

import secrets
from datetime import datetime
from urllib.parse import urlencode

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from rongxin.entrypoints.api.registrations import identity_provider
from rongxin.entrypoints.portals import menus, pages, shown, visitors
from rongxin.parties import accounts, sign_ins
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules.identity import Assertion
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

# Between the right password and the code of the authenticator, the browser holds this and no more.
_WAITING, _WAITING_SINCE, _MUST_CHANGE = "waiting", "waiting_since", "must_change"
_WAITING_SECONDS = 300


@require_http_methods(["GET", "HEAD"])
def choose(request: HttpRequest) -> HttpResponseBase:
    """Ask who comes: the person of a firm, or somebody who works with the platform."""
    account = visitors.signed_in(request)
    if account is not None:
        return redirect("roles")
    return pages.render(request, "sign_in/choose.html", {"next": visitors.next_page(request, "")})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest) -> HttpResponseBase:
    """Recognise a person by the identity provider; the account is opened with the first visit."""
    context = {"next": visitors.next_page(request, ""), "name": request.POST.get("name", "")}
    if request.method != "POST":
        return pages.render(request, "sign_in/person.html", context)
    now = timezone.now()
    evidence = {key: request.POST.get(key, "") for key in ("name", "id_number")}
    try:
        assertion = identity_provider().attest(evidence, as_of=now)
        account = _account_of(assertion, as_of=now)
    except PartiesError as error:
        return pages.render(
            request, "sign_in/person.html", {**context, "mistake": pages.words(error)}, status=422
        )
    visitors.begin(request, account.id, way=assertion.issuer, assertion=assertion)
    return redirect(_onward(request))


def _account_of(assertion: Assertion, *, as_of: datetime) -> accounts.Card:
    account = accounts.of_person(assertion)
    if account is None:
        username = f"p{secrets.token_hex(6)}"
        account = accounts.open_account(username, assertion.name, actor=SYSTEM, as_of=as_of)
    actor = Actor(ActorKind.ACCOUNT, str(account.id))
    return accounts.register_real_name(account.id, assertion, actor=actor, as_of=as_of)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def staff(request: HttpRequest) -> HttpResponseBase:
    """Ask for user name and password; the code of the authenticator comes on the next page."""
    context = {"next": visitors.next_page(request, ""), "username": request.POST.get("username", "")}
    if request.method != "POST":
        return pages.render(request, "sign_in/staff.html", context)
    now = timezone.now()
    try:
        passed = sign_ins.by_password(
            request.POST.get("username", ""),
            request.POST.get("password", ""),
            origin=visitors.origin(request),
            profile=settings.RONGXIN_PASSWORDS,
            as_of=now,
        )
    except PartiesError as error:
        status = 429 if isinstance(error, sign_ins.SignInLocked) else 422
        return pages.render(
            request, "sign_in/staff.html", {**context, "mistake": pages.words(error)}, status=status
        )
    request.session.cycle_key()
    request.session.update(
        {_WAITING: passed.account, _WAITING_SINCE: now.timestamp(), _MUST_CHANGE: passed.must_change}
    )
    step = "sign_in_code" if passed.second_factor else "sign_in_enrol"
    return redirect(_with_next(reverse(step), request))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponseBase:
    """Ask for the code that the authenticator shows."""
    account = _waiting(request)
    if account is None:
        return redirect(_with_next(reverse("sign_in_staff"), request))
    context = {"next": visitors.next_page(request, ""), "shown": _shown_code(account)}
    if request.method != "POST":
        return pages.render(request, "sign_in/code.html", context)
    try:
        sign_ins.confirm_code(
            account, request.POST.get("code", ""), origin=visitors.origin(request), as_of=timezone.now()
        )
    except PartiesError as error:
        return pages.render(
            request, "sign_in/code.html", {**context, "mistake": pages.words(error)}, status=422
        )
    return _welcome(request, account)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponseBase:
    """Bind an authenticator at the first sign-in: no member of staff gets in without a second factor."""
    account = _waiting(request)
    if account is None:
        return redirect(_with_next(reverse("sign_in_staff"), request))
    now = timezone.now()
    mistake = ""
    if request.method == "POST":
        actor = Actor(ActorKind.ACCOUNT, str(account))
        try:
            sign_ins.confirm_enrolment(account, request.POST.get("code", ""), actor=actor, as_of=now)
            return _welcome(request, account)
        except PartiesError as error:
            mistake = pages.words(error)
    try:
        made = sign_ins.enrol(account, issuer=pages.node(), as_of=now)
    except PartiesError as error:
        return pages.told(request, error)
    context = {
        "next": visitors.next_page(request, ""),
        "secret": " ".join(made.secret[at : at + 4] for at in range(0, len(made.secret), 4)),
        "picture": segno.make(made.uri, error="m").svg_data_uri(scale=4, border=2),
        "mistake": mistake,
        "shown": _shown_code(account),
    }
    return pages.render(request, "sign_in/enrol.html", context, status=422 if mistake else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def roles(request: HttpRequest) -> HttpResponseBase:
    """Let a person choose for whom they act; who has no role yet is led to register a firm."""
    account = visitors.signed_in(request)
    if account is None:
        return redirect("sign_in")
    now = timezone.now()
    held = visitors.roles_with_pages(account, on=timezone.localdate(now))
    wanted = request.POST.get("role", "") if request.method == "POST" else ""
    chosen = next((card for card in held if str(card.id) == wanted), None)
    if chosen is not None:
        visitors.act_as(request, chosen.id)
        return redirect(visitors.next_page(request, reverse(menus.HOME[chosen.party_kind])))
    context = {"held": [shown.role(card) for card in held], "next": visitors.next_page(request, "")}
    return pages.render(request, "sign_in/roles.html", {**context, "account": accounts.get(account)})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponseBase:
    """Have somebody of the staff choose a new password: by their wish, or because the old one is too old."""
    account = visitors.signed_in(request)
    if account is None or not sign_ins.has_password(account):
        return redirect("sign_in")
    now = timezone.now()
    profile = sign_ins.limits(timezone.localdate(now)).profiles[settings.RONGXIN_PASSWORDS]
    context = {
        "profile": profile,
        "must": visitors.must_change(request),
        "next": visitors.next_page(request, ""),
    }
    if request.method != "POST":
        return pages.render(request, "sign_in/change_password.html", context)
    new = request.POST.get("new", "")
    try:
        if new != request.POST.get("again", ""):
            raise sign_ins.PasswordTooWeak(_("两次输入的新密码不一致"))
        card = accounts.get(account)
        sign_ins.by_password(
            card.username,
            request.POST.get("password", ""),
            origin=visitors.origin(request),
            profile=settings.RONGXIN_PASSWORDS,
            as_of=now,
        )
        actor = Actor(ActorKind.ACCOUNT, str(account))
        sign_ins.change_password(account, new, profile=settings.RONGXIN_PASSWORDS, actor=actor, as_of=now)
    except PartiesError as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "sign_in/change_password.html", context, status=422)
    visitors.begin(request, account, way="password")
    return redirect(_onward(request))


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    visitors.end(request)
    return redirect("front")


def _welcome(request: HttpRequest, account: int) -> HttpResponse:
    must_change = request.session.pop(_MUST_CHANGE, False)
    request.session.pop(_WAITING, None)
    visitors.begin(request, account, way="password", must_change=must_change)
    return redirect(_onward(request))


def _onward(request: HttpRequest) -> str:
    """Return where somebody who has just signed in goes: their page, the page they wanted, or the choice."""
    visitor = visitors.current(request)
    if visitor is None:
        return _with_next(reverse("roles"), request)
    return visitors.next_page(request, reverse(menus.HOME[visitor.role.party_kind]))


def _shown_code(account: int) -> str:
    """Return the code that the authenticator would show: a demo's visitor has none. "" anywhere else."""
    if settings.RONGXIN_MODE != "demo":
        return ""
    return sign_ins.present_code(account, as_of=timezone.now())


def _waiting(request: HttpRequest) -> int | None:
    since = request.session.get(_WAITING_SINCE, 0)
    if timezone.now().timestamp() - since > _WAITING_SECONDS:
        return None
    account: int | None = request.session.get(_WAITING)
    return account


def _with_next(address: str, request: HttpRequest) -> str:
    wanted = visitors.next_page(request, "")
    return f"{address}?{urlencode({'next': wanted})}" if wanted else address
