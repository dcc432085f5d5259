"""How the person of a firm is known here: by an OpenID provider, or by evidence on our own page.

Pages that need a person's word include the form of `ways` and read it with `visitors.asserted`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.portals import pages, visitors, wording
from rongxin.parties import identity, openid, openid_providers, registering
from rongxin.parties.errors import PartiesError
from rongxin.parties.identity import IdentityRefused
from rongxin.parties.openid_providers import OpenIdProvider
from rongxin.parties.rules.identity import Assertion

_DEPARTURE, _WANTED = "openid", "openid_next"
_ANSWER_CHARACTERS = 4096


def ways(wanted: str, *, name: str = "") -> dict[str, Any]:
    """Return what the form `sign_in/identity.html` shows: where and by what a person can say who they are.

    `wanted` is our page to which they go on afterwards; nothing that was typed is shown again but the name.
    """
    return {
        "next": wanted,
        "fields": [
            {"name": one.name, "label": _label(one), "required": one.required} for one in identity.fields()
        ],
        "providers": [{"id": one.id, "label": _label(one)} for one in _providers()],
        "name": name,
    }


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest) -> HttpResponseBase:
    """Recognise a person by the evidence that the identity provider asks for."""
    if request.method != "POST":
        return _form(request)
    now = timezone.now()
    evidence = {one.name: request.POST.get(one.name, "")[:500] for one in identity.fields()}
    try:
        assertion = identity.attest(evidence, as_of=now)
        _begin(request, assertion)
    except PartiesError as error:
        return _form(request, error)
    return redirect(visitors.onward(request))


@never_cache
@require_http_methods(["GET", "HEAD"])
def leave_for(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Send a person to the OpenID provider that they chose."""
    chosen = _provider(provider)
    back = authentication.issuer(request) + reverse("sign_in_openid_back", args=[provider])
    try:
        address, kept = openid.depart(chosen, redirect_uri=back, as_of=timezone.now())
    except PartiesError as error:
        return _form(request, error)
    request.session[_DEPARTURE] = asdict(kept)
    request.session[_WANTED] = visitors.next_page(request, "")
    return redirect(address)


@never_cache
@require_http_methods(["GET", "HEAD"])
def come_back(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Take a person who returns from the OpenID provider; what they left with serves once."""
    chosen = _provider(provider)
    kept, wanted = request.session.pop(_DEPARTURE, None), request.session.pop(_WANTED, "")
    answer = {name: request.GET.get(name, "")[:_ANSWER_CHARACTERS] for name in request.GET}
    try:
        if kept is None:
            raise IdentityRefused(_("这次登录不是从本页面开始的，或已办理过，请重新登录"))
        assertion = openid.attest(chosen, openid.Departure(**kept), answer, as_of=timezone.now())
        _begin(request, assertion)
    except PartiesError as error:
        return _form(request, error, wanted)
    return redirect(visitors.onward(request, wanted))


def _begin(request: HttpRequest, assertion: Assertion) -> None:
    account = registering.account_of(assertion, as_of=timezone.now())
    visitors.begin(request, account.id, way=assertion.issuer, assertion=assertion)


def _form(request: HttpRequest, error: PartiesError | None = None, wanted: str = "") -> HttpResponseBase:
    context = ways(wanted or visitors.next_page(request, ""), name=request.POST.get("name", ""))
    if error is None:
        return pages.render(request, "sign_in/person.html", context)
    return pages.render(
        request, "sign_in/person.html", {**context, "mistake": pages.words(error)}, status=422
    )


def _label(one: identity.Field | OpenIdProvider) -> str:
    return one.label_en if wording.in_english() else one.label


def _providers() -> Sequence[OpenIdProvider]:
    if not settings.RONGXIN_OPENID_PROVIDERS:
        return ()
    return tuple(openid_providers.read(Path(settings.RONGXIN_OPENID_PROVIDERS)).values())


def _provider(name: str) -> OpenIdProvider:
    for one in _providers():
        if one.id == name:
            return one
    raise Http404(name)
