"""暂缓告知: what is kept from a subject's list of uses while a lawful inquiry forbids telling it ((九))."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from rongxin.entrypoints.api import authentication, paging
from rongxin.rights import holds
from rongxin.rights.rules.use import HoldAct

router = Router(tags=["暂缓告知 Holds of uses"])


class HoldIn(Schema):
    uscc: str = Field(max_length=32, description="信息主体的统一社会信用代码")
    department: str = Field(max_length=64, description="其使用暂不告知的部门")
    legal_basis: str = Field(min_length=1, max_length=500, description="法律、行政法规条款与办案文书编号")
    until: date = Field(description="最后一日；期满自动告知")


@router.get("", auth=authentication.SECURITY | authentication.AUDIT, summary="暂缓告知一览 Holds")
def listed(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """List all holds, the newest first."""
    part = holds.every(paging.window(request, wanted))
    paging.link(request, answer, part)
    today = timezone.localdate(authentication.caller(request).at)
    return [card.document(on=today) for card in part.rows]


@router.post("", auth=authentication.SECURITY, response={201: dict[str, Any]}, summary="提出暂缓告知 Propose")
def propose(request: HttpRequest, body: HoldIn) -> Status[dict[str, Any]]:
    """Ask that a department's uses be kept back; another person confirms it, until then nothing is."""
    caller = authentication.caller(request)
    card = holds.propose(
        body.uscc,
        body.department,
        legal_basis=body.legal_basis,
        until=body.until,
        actor=caller.actor,
        as_of=caller.at,
    )
    return Status(201, card.document(on=timezone.localdate(caller.at)))


@router.post("/{hold}/confirm", auth=authentication.SECURITY, summary="核准 Confirm")
def confirm(request: HttpRequest, hold: UUID) -> dict[str, Any]:
    """Put another person's proposal in force."""
    return _decided(request, hold, HoldAct.CONFIRM)


@router.post("/{hold}/decline", auth=authentication.SECURITY, summary="不予核准 Decline")
def decline(request: HttpRequest, hold: UUID) -> dict[str, Any]:
    return _decided(request, hold, HoldAct.DECLINE)


@router.post("/{hold}/lift", auth=authentication.SECURITY, summary="提前解除 Lift")
def lift(request: HttpRequest, hold: UUID) -> dict[str, Any]:
    """End a hold before its last day: the uses are told at once."""
    return _decided(request, hold, HoldAct.LIFT)


def _decided(request: HttpRequest, hold: UUID, act: HoldAct) -> dict[str, Any]:
    caller = authentication.caller(request)
    card = holds.decide(hold, act, actor=caller.actor, as_of=caller.at)
    return card.document(on=timezone.localdate(caller.at))
