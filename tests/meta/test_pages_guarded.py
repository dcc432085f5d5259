"""Every page says who may see it; a page that says nothing has to be listed as open, with the reason."""

from __future__ import annotations

from collections.abc import Iterator

import django
from django.conf import settings

if not settings.configured or not django.apps.apps.ready:
    django.setup()

from django.urls import URLPattern

from rongxin.entrypoints.portals import urls

OPEN = {
    "front": "what the platform is",
    "catalogue": "the sharing list is public",
    "catalogue_item": "the sharing list is public",
    "products": "what is offered is published for everybody",
    "journal": "a witness needs no permission",
    "demo_file": "a closed list of what a demo left behind",
    "authorize": "asks the identity provider itself; the request is pushed and single use",
    "sign_in": "whoever comes has no session yet",
    "sign_in_person": "whoever comes has no session yet",
    "sign_in_openid": "whoever comes has no session yet",
    "sign_in_openid_back": "asks for what its session kept on leaving, once",
    "sign_in_staff": "whoever comes has no session yet",
    "sign_in_code": "the password was right, the code is still wanted",
    "sign_in_passkey": "the password was right, or the passkey says whose it is",
    "passkeys": "asks for the session and the present password itself",
    "sign_in_enrol": "the password was right, the authenticator is bound here",
    "change_password": "asks for the session and the present password itself",
    "roles": "asks for the session itself; a role is chosen here",
    "sign_out": "ends whatever session there is",
    "enterprise_connect": "asks for the session and a fresh assertion itself; there is no role yet",
    "language": "everybody may choose in which language they read",
    "operator_quality": "open in a demo, guarded elsewhere by the operator's session or key",
}


def _pages() -> Iterator[URLPattern]:
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        yield pattern


def test_every_page_says_who_may_see_it() -> None:
    silent = {str(page.name) for page in _pages() if not hasattr(page.callback, "permission")}
    assert silent == set(OPEN), "give the view `visitors.page(…)`, or list it as open with the reason"
