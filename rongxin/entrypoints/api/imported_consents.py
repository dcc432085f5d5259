"""迁入的授权: what another platform says was consented to; one clerk hands a paper in, another checks."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from rongxin.consent import moving, written
from rongxin.entrypoints.api import authentication, paging

router = Router(tags=["迁入的授权 Imported consents"])


class Look(Schema):
    """What the checker found: which scan was looked at, by its hash, and whether it says what is claimed."""

    confirmed: bool
    scan_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    note: Annotated[str, Field(max_length=500)] = ""


@router.get(
    "", auth=authentication.DESK | authentication.AUDIT, summary="待处理的迁入授权 Waiting imported consents"
)
def waiting(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """List what waits, with what its evidence lacks; nothing of it covers a request."""
    rows = [card.document() for card in moving.pending()]
    return paging.whole(request, answer, wanted, rows, "imported_at", "imported_consent")


@router.post("/{imported}/propose", auth=authentication.DESK, summary="提交复核 Propose as written consent")
def propose(request: HttpRequest, imported: UUID) -> dict[str, Any]:
    """Hand an imported paper in for checking by another person."""
    caller = authentication.caller(request)
    return {"proposal": str(moving.propose(imported, actor=caller.actor, as_of=caller.at))}


@router.post("/proposals/{proposal}/check", auth=authentication.CHECKER, summary="复核 Check the paper")
def check(request: HttpRequest, proposal: UUID, look: Look) -> dict[str, Any]:
    """Confirm or reject another person's proposal; confirming gives the consent."""
    caller = authentication.caller(request)
    grant = written.check_written(
        proposal,
        confirmed=look.confirmed,
        scan_sha256=look.scan_sha256,
        note=look.note,
        actor=caller.actor,
        as_of=caller.at,
    )
    return {"consent": str(grant.id) if grant else None}
