"""机构签名公钥: two persons of the operator's register by which public keys an institution is known."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import institution_keys, institutions
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.parties.rules.membership import PartyKind

router = Router(tags=["机构签名公钥 Keys of institutions"])
_EITHER = authentication.UNSERVED_INSTITUTION | authentication.SECURITY | authentication.AUDIT


class KeyIn(Schema):
    """A public key (Ed25519 or SM2), or a signing certificate with its intermediates behind it (PEM), for one
    purpose, and the days in which it is believed: with a certificate no longer than that.
    """

    pem: str = Field(max_length=institution_keys.PEM_MAX)
    purpose: KeyPurpose
    account: int | None = Field(None, description="取得令牌的账号编号；签署用的公钥不填")
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
    auth=authentication.DESK | authentication.SECURITY,
    response={201: dict[str, Any]},
    summary="录入公钥 Enter a key",
)
def propose(request: HttpRequest, institution: str, key: KeyIn) -> Status[dict[str, Any]]:
    """Enter what the institution has handed over; it opens nothing before another person confirms it."""
    caller = authentication.caller(request)
    card = institution_keys.propose(institution, **key.dict(), actor=caller.actor, as_of=caller.at)
    return Status(201, card.document())


@router.post("/{institution}/keys/{key}/confirm", auth=authentication.SECURITY, summary="核准公钥 Confirm")
def confirm(request: HttpRequest, institution: str, key: UUID) -> dict[str, Any]:
    """Put another person's entry in force, after comparing it with what the institution handed over."""
    caller = authentication.caller(request)
    _check(institution, key)
    return institution_keys.confirm(key, actor=caller.actor, as_of=caller.at).document()


@router.delete(
    "/{institution}/keys/{key}",
    auth=authentication.UNSERVED_INSTITUTION | authentication.DESK | authentication.SECURITY,
    summary="停用公钥 Revoke a key",
)
def revoke(request: HttpRequest, institution: str, key: UUID) -> dict[str, Any]:
    """Stop believing a key at once; the institution may stop its own."""
    caller = authentication.caller(request)
    if caller.party_kind is PartyKind.INSTITUTION and caller.party != institution:
        raise _unknown(key)
    _check(institution, key)
    return institution_keys.revoke(key, actor=caller.actor, as_of=caller.at).document()


def _check(institution: str, key: UUID) -> None:
    if key not in {card.id for card in institution_keys.of_institution(institution)}:
        raise _unknown(key)


def _unknown(key: UUID) -> Problem:
    return Problem(404, "unknown_party", f"该机构没有编号为{key}的公钥")
