"""企业征信机构参与运营: two persons give a mandate, one ends it, and every act is listed ((六))."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from rongxin.entrypoints.api import authentication, paging
from rongxin.parties.bureaus import mandates
from rongxin.parties.bureaus.mandates import Wish
from rongxin.parties.rules.membership import Role

router = Router(tags=["征信机构参与运营 Bureaus"])
_READ = authentication.SECURITY | authentication.AUDIT


class BureauMandateIn(Schema):
    """Which bureau is to take part, on what basis and for how long."""

    bureau: str = Field(pattern="^[a-z][a-z0-9_]{2,63}$")
    name: str = Field(min_length=2, max_length=200)
    uscc: str = Field(max_length=32)
    basis: str = Field(min_length=1, max_length=500, description="协议或批准文件")
    valid_from: date
    valid_until: date


class PersonIn(Schema):
    account: int
    role: Literal[Role.CLERK, Role.CHECKER]


class EndIn(Schema):
    why: str = Field(min_length=1, max_length=500)


@router.get("", auth=_READ, summary="参与授权一览 Mandates of bureaus")
def show(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """Return all mandates, the newest first."""
    rows = [card.document() for card in mandates.every()]
    return paging.whole(request, answer, wanted, rows, "-proposed_at", "mandate")


@router.post(
    "",
    auth=authentication.DESK | authentication.SECURITY,
    response={201: dict[str, Any]},
    summary="提出参与授权 Propose a mandate",
)
def propose(request: HttpRequest, given: BureauMandateIn) -> Status[dict[str, Any]]:
    """Put a mandate down; another person grants it."""
    caller = authentication.caller(request)
    card = mandates.propose(Wish(**given.dict()), actor=caller.actor, as_of=caller.at)
    return Status(201, card.document())


@router.post("/mandates/{mandate}/grant", auth=authentication.SECURITY, summary="核准参与授权 Grant")
def grant(request: HttpRequest, mandate: UUID) -> dict[str, Any]:
    """Put another person's mandate in force."""
    caller = authentication.caller(request)
    return mandates.grant(mandate, actor=caller.actor, as_of=caller.at).document()


@router.post("/{bureau}/end", auth=authentication.SECURITY, summary="终止参与 End its part")
def end(request: HttpRequest, bureau: str, given: EndIn) -> dict[str, int]:
    """End a bureau's part at once: its mandates, its people's roles and so their keys."""
    caller = authentication.caller(request)
    return {"ended": mandates.end(bureau, why=given.why, actor=caller.actor, as_of=caller.at)}


@router.post(
    "/{bureau}/people",
    auth=authentication.SECURITY,
    response={201: dict[str, Any]},
    summary="指定参与人员 Appoint a person",
)
def appoint(request: HttpRequest, bureau: str, given: PersonIn) -> Status[dict[str, Any]]:
    """Let a person known by real name act for the bureau; the key is shown this once."""
    caller = authentication.caller(request)
    by: dict[str, Any] = {"actor": caller.actor, "as_of": caller.at}
    role, issued = mandates.appoint_with_key(bureau, given.account, given.role, **by)
    told = {"membership": role.id, "key": issued.secret, "key_expires_at": issued.expires_at.isoformat()}
    return Status(201, told)


@router.get("/{bureau}/acts", auth=_READ, summary="征信机构的行为 What its people did")
def acts(
    request: HttpRequest, answer: HttpResponse, bureau: str, wanted: Query[paging.Wanted]
) -> list[dict[str, Any]]:
    """Return every request of a bureau's people, the newest first, with its entry in the journal."""
    part = mandates.acts(bureau, paging.window(request, wanted))
    paging.link(request, answer, part)
    return list(part.rows)
