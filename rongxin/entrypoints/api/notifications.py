"""通知: what the firm is told of what was done in its name, outside the channel in which it was done (T7)."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from rongxin.consent import notifications
from rongxin.entrypoints.api import authentication, paging

router = Router(tags=["通知 Notifications"])


class Told(Schema):
    kind: str
    text: str
    refs: dict[str, str]
    created_at: datetime


@router.get("", auth=authentication.SUBJECT, response=list[Told], summary="给我的通知 What I was told")
def listed(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[Told]:
    """List what the firm was told about its consents, the newest first."""
    caller = authentication.caller(request)
    part = notifications.part_of(int(caller.party), paging.window(request, wanted))
    paging.link(request, answer, part)
    return [
        Told(kind=card.kind, text=card.text, refs=dict(card.refs), created_at=card.created_at)
        for card in part.rows
    ]
