"""通行密钥 on the pages: asking the browser for one, taking its answer, and the list that its owner keeps.

The challenge lies in the session and serves once; `passkey.js` fills the form's hidden field.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rongxin.entrypoints import origins
from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.portals import pages, visitors
from rongxin.parties import accounts, passkeys, sign_ins
from rongxin.parties.errors import PartiesError
from rongxin.parties.failed_sign_ins import SignInRefused
from rongxin.vocabulary.actor import Actor, ActorKind

_CHALLENGE, _CHALLENGED_AT, _CHALLENGED_FOR = "passkey_challenge", "passkey_at", "passkey_for"
_SECONDS = 300


def alone() -> bool:
    """Whether the node's profile lets staff in by a passkey without a password."""
    limits = sign_ins.limits(timezone.localdate())
    return limits.profiles[settings.RONGXIN_PASSWORDS].passkey_alone


def asked(request: HttpRequest, account: int | None) -> dict[str, Any] | None:
    """Return what `sign_in/passkey.html` needs to ask for a passkey; None where there is none to ask for."""
    if (account is None and not alone()) or (account is not None and not passkeys.of_account(account)):
        return None
    return _kept(request, passkeys.ask_to_sign_in(account, _site(request)), f"sign-in:{account}")


def confirmed(request: HttpRequest, account: int | None) -> int:
    """Take the browser's answer; return the account whose passkey it was."""
    challenge = _challenge(request, f"sign-in:{account}")
    if account is None and not alone():
        raise SignInRefused(_("本平台不允许只用通行密钥登录"))
    return passkeys.confirm(
        account,
        request.POST.get("credential", ""),
        challenge,
        _site(request),
        origin=origins.of(request),
        as_of=timezone.now(),
    )


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponseBase:
    """List one's passkeys, add and remove them; both ask for the password, since a desk may be left open."""
    account = visitors.signed_in(request)
    if account is None or not sign_ins.has_password(account) or visitors.must_change(request):
        return redirect("change_password" if account is not None else "sign_in")
    mistake = ""
    if request.method == "POST":
        try:
            messages.success(request, _change(request, account))
            return redirect("passkeys")
        except PartiesError as error:
            mistake = pages.words(error)
    context = {
        "mistake": mistake,
        "visitor": visitors.current(request),
        "name": request.POST.get("name", ""),
        "held": passkeys.of_account(account),
        "asked": _kept(request, passkeys.ask_to_register(account, _site(request)), f"add:{account}"),
    }
    return pages.render(request, "sign_in/passkeys.html", context, status=422 if mistake else 200)


def _change(request: HttpRequest, account: int) -> str:
    now, actor = timezone.now(), Actor(ActorKind.ACCOUNT, str(account))
    challenge = _challenge(request, f"add:{account}")
    sign_ins.by_password(
        accounts.get(account).username,
        request.POST.get("password", ""),
        origin=origins.of(request),
        profile=settings.RONGXIN_PASSWORDS,
        as_of=now,
    )
    gone = request.POST.get("remove", "")
    if gone:
        passkeys.remove(account, int(gone) if gone.isdecimal() else 0, actor=actor, as_of=now)
        return _("已删除通行密钥，立即生效")
    name, credential = request.POST.get("name", ""), request.POST.get("credential", "")
    passkeys.register(account, name, credential, challenge, _site(request), actor=actor, as_of=now)
    return _("已登记通行密钥，下次登录即可使用")


def _kept(request: HttpRequest, ask: passkeys.Asked, what_for: str) -> dict[str, Any]:
    request.session[_CHALLENGE] = ask.challenge
    request.session[_CHALLENGED_AT] = timezone.now().timestamp()
    request.session[_CHALLENGED_FOR] = what_for
    return ask.options


def _challenge(request: HttpRequest, what_for: str) -> str:
    """Return the challenge that this session was given for this, and forget it."""
    challenge: str = request.session.pop(_CHALLENGE, "")
    given_for = request.session.pop(_CHALLENGED_FOR, "")
    late = timezone.now().timestamp() - request.session.pop(_CHALLENGED_AT, 0) > _SECONDS
    if not challenge or given_for != what_for or late:
        raise SignInRefused(_("等候过久，请重试"))
    return challenge


def _site(request: HttpRequest) -> passkeys.Site:
    return passkeys.Site(authentication.issuer(request), pages.node())
