"""Every route says who may call it; a route that says nothing is refused to everybody."""

from __future__ import annotations

from collections.abc import Iterator

import django
from django.conf import settings

if not settings.configured or not django.apps.apps.ready:
    django.setup()

from ninja.operation import Operation

from rongxin.entrypoints.api.authentication import PartyKey
from rongxin.entrypoints.api.urls import api

# What anybody may call, with the reason.
OPEN = {
    "/catalogue": "the sharing list is public",
    "/catalogue/{item}/schema": "the sharing list is public",
    "/applications": "whoever applies to be connected has no account yet",
    "/applications/questionnaire": "everybody may read what they would be asked",
    "/applications/{application}": "followed by the secret that its applicant was given",
    "/applications/{application}/documents": "handed in by the secret that its applicant was given",
    "/invitations/{invitation}/accept": "by the secret of the invitation and the identity provider",
    "/journal/checkpoint": "a witness needs no permission",
    "/journal/key": "a witness needs no permission",
    "/journal/entries/{entry}/proof": "hashes and ids, no content",
    "/journal/consistency": "hashes, no content",
    "/registrations": "whoever registers has no account yet; the identity provider vouches",
    "/oauth/token": "the client shows its key in the request itself",
    "/oauth/par": "the client shows its key in the request itself",
    "/oauth/metadata": "where tokens are given is no secret",
    "/risk-notices/current": "everybody may read what they would be told",
}


def _routes() -> Iterator[tuple[str, Operation]]:
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield f"{prefix}{path}".rstrip("/") or "/", operation


def test_every_route_declares_its_permission() -> None:
    undeclared = []
    for path, operation in _routes():
        callbacks = list(operation.auth_callbacks)
        guarded = bool(callbacks) and all(isinstance(one, PartyKey) for one in callbacks)
        if not guarded and path not in OPEN:
            undeclared.append(path)
    assert not undeclared, f"say auth=… or list it as open with the reason: {undeclared}"


def test_what_is_listed_as_open_is_open_and_exists() -> None:
    open_routes = {path for path, operation in _routes() if not operation.auth_callbacks}
    assert open_routes == set(OPEN)
