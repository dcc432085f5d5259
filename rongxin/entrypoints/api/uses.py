"""谁查过我: every use of a subject's information and every refused attempt, for the subject, free ((九))."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from rongxin.entrypoints.api import authentication, paging
from rongxin.rights import uses
from rongxin.vocabulary.zone import BUSINESS_ZONE

router = Router(tags=["使用记录 Uses"])


@router.get("", auth=authentication.SUBJECT, summary="使用记录 Who asked for my information")
def mine(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    since: paging.Day | None = None,
    until: paging.Day | None = None,
) -> list[dict[str, Any]]:
    """List the uses of the caller's own information, the newest first, pushes among them, of these days, both
    counted in; what was refused stands here too. Only what a lawful inquiry forbids to tell is missing, and
    only while it does.
    """
    caller = authentication.caller(request)
    part = uses.part_of(
        int(caller.party),
        paging.window(request, wanted),
        as_of=caller.at,
        since=_begins(since) if since else None,
        until=_begins(until + timedelta(days=1)) if until else None,
    )
    paging.link(request, answer, part)
    return [use.document() for use in part.rows]


@router.get("/{request_id}/proof", auth=authentication.SUBJECT, summary="使用记录的存证 Proof of a use")
def proof(request: HttpRequest, request_id: UUID) -> dict[str, Any]:
    """Give entries, paths and the signed checkpoint, with the recipe by which a page checks them itself; 409
    until a checkpoint covers the use (some seconds).
    """
    caller = authentication.caller(request)
    return uses.proof(int(caller.party), request_id, as_of=caller.at)


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), BUSINESS_ZONE)
