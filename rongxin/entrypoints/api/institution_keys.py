"""机构签名公钥: the operator registers by which public keys an institution's own signature is known."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import institution_keys, institutions
from rongxin.parties.rules.membership import PartyKind

router = Router(tags=["机构签名公钥 Keys of institutions"])
_EITHER = authentication.INSTITUTION | authentication.SECURITY | authentication.AUDIT


class KeyIn(Schema):
    """An Ed25519 public key (PEM), and from which through which day it is believed."""

    pem: str
    valid_from: date
    valid_until: date


@router.get("/{institution}/keys", auth=_EITHER, summary="已登记的公钥 Registered keys")
def show(request: HttpRequest, institution: str) -> list[dict[str, Any]]:
    """Return the keys of an institution: to the operator, and to the institution itself."""
    caller = authentication.caller(request)
    if caller.party_kind is PartyKind.INSTITUTION and caller.party != institution:
        raise Problem(403, "not_permitted", "接入机构只能查看本机构的公钥")
    institutions.get(institution)
    return [card.document() for card in institution_keys.of_institution(institution)]


@router.post(
    "/{institution}/keys",
    auth=authentication.SECURITY,
    response={201: dict[str, Any]},
    summary="登记公钥 Register a key",
)
def register(request: HttpRequest, institution: str, key: KeyIn) -> Status[dict[str, Any]]:
    """Register what the institution has handed over; from now on its receipts must be signed by it."""
    caller = authentication.caller(request)
    card = institution_keys.register(
        institution,
        key.pem,
        valid_from=key.valid_from,
        valid_until=key.valid_until,
        actor=caller.actor,
        as_of=caller.at,
    )
    return Status(201, card.document())


@router.delete("/{institution}/keys/{key}", auth=authentication.SECURITY, summary="停用公钥 Revoke a key")
def revoke(request: HttpRequest, institution: str, key: UUID) -> dict[str, Any]:
    """Stop believing a key at once."""
    caller = authentication.caller(request)
    if key not in {card.id for card in institution_keys.of_institution(institution)}:
        raise Problem(404, "unknown_party", f"该机构没有编号为{key}的公钥")
    return institution_keys.revoke(key, actor=caller.actor, as_of=caller.at).document()
