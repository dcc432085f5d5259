"""融资产品: institutions keep what they offer; firms see it beside their own facts, rule by rule ((七))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status

from rongxin.entrypoints.api import authentication, paging
from rongxin.financing.products import offers, rules

router = Router(tags=["融资产品 Products"])


class ProductIn(Schema):
    """The terms of a version: money in yuan, rates in hundredths of a percent a year."""

    terms: rules.Terms


@router.get("", auth=authentication.INSTITUTION, summary="本机构的产品 Own products")
def own(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """List every version that the institution ever proposed, the newest first."""
    rows = [card.document() for card in offers.of_institution(authentication.caller(request).party)]
    return paging.whole(request, answer, wanted, rows, "-proposed_at", "product", "version")


@router.get("/published", auth=authentication.SUBJECT, summary="在售产品 What is offered")
def published(request: HttpRequest) -> dict[str, Any]:
    """Give every published product with what comes of each rule for the firm, and how they are ordered."""
    caller = authentication.caller(request)
    some = offers.for_subject(int(caller.party), as_of=caller.at)
    return {"order": rules.ORDER, "products": [offer.document() for offer in some]}


@router.post(
    "",
    auth=authentication.INSTITUTION,
    response={201: dict[str, Any]},
    summary="提交新产品 Propose a product",
)
def propose(request: HttpRequest, product: ProductIn) -> Status[dict[str, Any]]:
    """Propose a product; firms see it once another person of the institution's has published it."""
    caller = authentication.caller(request)
    card = offers.propose(caller.party, product.terms, actor=caller.actor, as_of=caller.at)
    return Status(201, card.document())


@router.get("/{product}", auth=authentication.INSTITUTION, summary="一个产品的各版本 Versions of one")
def versions(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], product: UUID
) -> list[dict[str, Any]]:
    caller = authentication.caller(request)
    rows = [card.document() for card in offers.versions(product, caller.party)]
    return paging.whole(request, answer, wanted, rows, "-version")


@router.post(
    "/{product}/versions",
    auth=authentication.INSTITUTION,
    response={201: dict[str, Any]},
    summary="提交新版本 Propose another version",
)
def propose_version(request: HttpRequest, product: UUID, version: ProductIn) -> Status[dict[str, Any]]:
    """Propose another version; the published one stays as it is until this one takes its place."""
    caller = authentication.caller(request)
    offers.versions(product, caller.party)
    card = offers.propose(caller.party, version.terms, product=product, actor=caller.actor, as_of=caller.at)
    return Status(201, card.document())


@router.post("/{product}/publish", auth=authentication.INSTITUTION_CHECKER, summary="复核发布 Publish")
def publish(request: HttpRequest, product: UUID) -> dict[str, Any]:
    """Publish what another person proposed, as a person known by real name."""
    caller = authentication.caller(request)
    return offers.publish(product, caller.party, actor=caller.actor, as_of=caller.at).document()


@router.post("/{product}/decline", auth=authentication.INSTITUTION, summary="退回 Send back")
def decline(request: HttpRequest, product: UUID) -> dict[str, Any]:
    """Send a proposed version back, or take back one's own."""
    caller = authentication.caller(request)
    return offers.decline(product, caller.party, actor=caller.actor, as_of=caller.at).document()


@router.post("/{product}/retire", auth=authentication.INSTITUTION, summary="下架 Retire")
def retire(request: HttpRequest, product: UUID) -> dict[str, Any]:
    """Take a product off the list; applications that were made go on."""
    caller = authentication.caller(request)
    return offers.retire(product, caller.party, actor=caller.actor, as_of=caller.at).document()
