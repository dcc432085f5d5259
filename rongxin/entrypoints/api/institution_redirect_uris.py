"""回调地址: two persons of the operator's register where an institution's customers may be sent back to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from rongxin.consent.redirection import addresses, rules
from rongxin.entrypoints.api import authentication

router = Router(tags=["回调地址 Redirect URIs"])
_EITHER = authentication.UNSERVED_INSTITUTION | authentication.SECURITY | authentication.AUDIT


class RedirectUriIn(Schema):
    """An https address without parameters; requests name it to the letter."""

    uri: str = Field(min_length=1, max_length=rules.URI_LENGTH_MAX)


@router.get("/{institution}/redirect-uris", auth=_EITHER, summary="已登记的回调地址 Registered redirect URIs")
def show(request: HttpRequest, institution: str) -> list[dict[str, Any]]:
    """Return the addresses of an institution: to the operator, and to the institution itself."""
    authentication.check_own_institution(request, institution)
    return [card.document() for card in addresses.of_institution(institution)]


@router.post(
    "/{institution}/redirect-uris",
    auth=authentication.DESK | authentication.SECURITY,
    response={201: dict[str, Any]},
    summary="录入回调地址 Enter a redirect URI",
)
def propose(request: HttpRequest, institution: str, given: RedirectUriIn) -> Status[dict[str, Any]]:
    """Enter what the institution has handed over; nobody is sent there before another person confirms it."""
    caller = authentication.caller(request)
    card = addresses.propose(institution, given.uri, actor=caller.actor, as_of=caller.at)
    return Status(201, card.document())


@router.post(
    "/{institution}/redirect-uris/{address}/confirm",
    auth=authentication.SECURITY,
    summary="核准回调地址 Confirm",
)
def confirm(request: HttpRequest, institution: str, address: UUID) -> dict[str, Any]:
    """Put another person's entry in force, after comparing it with what the institution handed over."""
    caller = authentication.caller(request)
    return addresses.confirm(institution, address, actor=caller.actor, as_of=caller.at).document()


@router.delete(
    "/{institution}/redirect-uris/{address}",
    auth=authentication.UNSERVED_INSTITUTION | authentication.DESK | authentication.SECURITY,
    summary="停用回调地址 Revoke a redirect URI",
)
def revoke(request: HttpRequest, institution: str, address: UUID) -> dict[str, Any]:
    """Send nobody there any more, at once; the institution may stop its own."""
    caller = authentication.caller(request)
    authentication.check_own_institution(request, institution)
    return addresses.revoke(institution, address, actor=caller.actor, as_of=caller.at).document()
