"""告警: what the operator must look at, and its word that it did (notice （十）)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from rongxin.entrypoints.api import authentication, paging
from rongxin.governance import alarms

router = Router(tags=["告警 Alarms"])


class Acknowledgement(Schema):
    note: str = Field(min_length=1, max_length=500, description="处置情况")


@router.get("", auth=authentication.SECURITY | authentication.AUDIT, summary="告警 Alarms, the newest first")
def show(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], waiting: bool = True
) -> list[dict[str, Any]]:
    """Return what waits for somebody, or with `waiting=false` everything."""
    part = alarms.part_of(paging.window(request, wanted), waiting_only=waiting)
    paging.link(request, answer, part)
    return [one.document() for one in part.rows]


@router.post("/{alarm}/acknowledge", auth=authentication.SECURITY, summary="处置告警 Acknowledge an alarm")
def acknowledge(request: HttpRequest, alarm: UUID, body: Acknowledgement) -> dict[str, Any]:
    """Say that the alarm was seen and what was done; once, for good, in the caller's name."""
    caller = authentication.caller(request)
    return alarms.acknowledge(alarm, note=body.note, actor=caller.actor, as_of=caller.at).document()
