"""Signing in and out for staff of institutions, departments and the operator: password and second factor."""

from __future__ import annotations

from typing import Any

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

from rongxin.entrypoints import origins
from rongxin.entrypoints.portals import menus, pages, passkeys, shown, visitors
from rongxin.parties import accounts, sign_ins
from rongxin.parties.errors import PartiesError
from rongxin.parties.failed_sign_ins import SignInLocked
from rongxin.vocabulary.actor import Actor, ActorKind

# Between the right password and the code of the authenticator, the browser holds this and no more.
_WAITING, _WAITING_SINCE, _MUST_CHANGE = "waiting", "waiting_since", "must_change"
_WAITING_SECONDS = 300


@require_http_methods(["GET", "HEAD"])
def choose(request: HttpRequest) -> HttpResponseBase:
    """Ask who comes: the person of a firm, or somebody who works with the platform.

    Who is signed in is led to where their role begins.
    """
    visitor = visitors.current(request)
    if visitor is not None and not visitors.next_page(request, ""):
        return redirect(menus.home(visitor.role))
    if visitors.signed_in(request) is not None:
        return redirect("roles")
    return pages.render(request, "sign_in/choose.html", {"next": visitors.next_page(request, "")})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def staff(request: HttpRequest) -> HttpResponseBase:
    """Ask for user name and password; the code of the authenticator comes on the next page."""
    context: dict[str, Any] = {"next": visitors.next_page(request, "")}
    context["username"] = request.POST.get("username", "")
    if request.method != "POST":
        request.session.pop(_WAITING, None)  # whoever comes back here begins anew
        context["asked"] = passkeys.asked(request, None)
        return pages.render(request, "sign_in/staff.html", context)
    now = timezone.now()
    try:
        passed = sign_ins.by_password(
            request.POST.get("username", ""),
            request.POST.get("password", ""),
            origin=origins.of(request),
            profile=settings.RONGXIN_PASSWORDS,
            as_of=now,
        )
    except PartiesError as error:
        status = 429 if isinstance(error, SignInLocked) else 422
        return pages.render(
            request, "sign_in/staff.html", {**context, "mistake": pages.words(error)}, status=status
        )
    request.session.cycle_key()
    request.session.update(
        {_WAITING: passed.account, _WAITING_SINCE: now.timestamp(), _MUST_CHANGE: passed.must_change}
    )
    step = "sign_in_code" if passed.second_factor else "sign_in_enrol"
    return redirect(visitors.with_next(reverse(step), visitors.next_page(request, "")))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponseBase:
    """Ask for the code that the authenticator shows."""
    account = _waiting(request)
    if account is None:
        return redirect(visitors.with_next(reverse("sign_in_staff"), visitors.next_page(request, "")))
    context: dict[str, Any] = {"next": visitors.next_page(request, ""), "shown": _shown_code(account)}
    if request.method != "POST":
        context["asked"] = passkeys.asked(request, account)
        return pages.render(request, "sign_in/code.html", context)
    try:
        sign_ins.confirm_code(
            account, request.POST.get("code", ""), origin=origins.of(request), as_of=timezone.now()
        )
    except PartiesError as error:
        return pages.render(
            request, "sign_in/code.html", {**context, "mistake": pages.words(error)}, status=422
        )
    return _welcome(request, account)


@sensitive_post_parameters()
@require_POST
def passkey(request: HttpRequest) -> HttpResponseBase:
    """Take a passkey: after the password, or alone where the profile allows it."""
    account = _waiting(request)
    try:
        found = passkeys.confirmed(request, account)
    except PartiesError as error:
        status = 429 if isinstance(error, SignInLocked) else 422
        name = "staff" if account is None else "code"
        context = {
            "next": visitors.next_page(request, ""),
            "mistake": pages.words(error),
            "asked": passkeys.asked(request, account),
        }
        return pages.render(request, f"sign_in/{name}.html", context, status=status)
    return _welcome(request, found, way="passkey")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponseBase:
    """Bind an authenticator at the first sign-in: no member of staff gets in without a second factor."""
    account = _waiting(request)
    if account is None:
        return redirect(visitors.with_next(reverse("sign_in_staff"), visitors.next_page(request, "")))
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
        return redirect(visitors.next_page(request, reverse(menus.home(chosen))))
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
            origin=origins.of(request),
            profile=settings.RONGXIN_PASSWORDS,
            as_of=now,
        )
        actor = Actor(ActorKind.ACCOUNT, str(account))
        sign_ins.change_password(account, new, profile=settings.RONGXIN_PASSWORDS, actor=actor, as_of=now)
    except PartiesError as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "sign_in/change_password.html", context, status=422)
    visitors.begin(request, account, way="password")
    return redirect(visitors.onward(request))


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    visitors.end(request)
    return redirect("front")


def _welcome(request: HttpRequest, account: int, *, way: str = "password") -> HttpResponse:
    must_change = request.session.pop(_MUST_CHANGE, False)
    request.session.pop(_WAITING, None)
    visitors.begin(request, account, way=way, must_change=must_change)
    return redirect(visitors.onward(request))


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
