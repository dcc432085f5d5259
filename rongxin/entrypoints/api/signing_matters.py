"""待签事项: what some of the firm's people have signed and others have yet to; any one of them takes it back.

Signing itself is the acceptance of a consent request and the submission of an application.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from rongxin.consent.errors import UnknownConsent
from rongxin.consent.signing import demands, matters
from rongxin.consent.signing.matters import Card
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.authentication import Caller

router = Router(tags=["签署 Signing"])


@router.get("", auth=authentication.SUBJECT, summary="待签事项 What waits for signatures")
def waiting(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """List what the firm's people can sign, the first to lapse first."""
    caller = authentication.caller(request)
    today = timezone.localdate(caller.at)
    rows = [_out(card, caller) for card in matters.awaiting_of_subject(int(caller.party), on=today)]
    return paging.whole(request, answer, wanted, rows, "lapses_on", "matter")


@router.get("/{matter}", auth=authentication.SUBJECT, summary="一件待签事项 One matter")
def show(request: HttpRequest, matter: UUID) -> dict[str, Any]:
    """Give a matter with what each signs, to the letter, and what became of it."""
    caller = authentication.caller(request)
    card = _own(matter, caller)
    return _out(card, caller) | {"content": dict(card.content)}


@router.delete("/{matter}", auth=authentication.SUBJECT, summary="撤下待签事项 Take back")
def take_back(request: HttpRequest, matter: UUID) -> dict[str, Any]:
    """Take a matter back before the last signature; the institution gets nothing."""
    caller = authentication.caller(request)
    _own(matter, caller)
    return _out(matters.take_back(matter, actor=caller.actor, as_of=caller.at), caller)


def _own(matter: UUID, caller: Caller) -> Card:
    card = matters.get(matter)
    if str(card.subject_id) != caller.party:
        raise UnknownConsent(f"没有编号为{matter}的待签事项")
    return card


def _out(card: Card, caller: Caller) -> dict[str, Any]:
    counted = card.counted(on=timezone.localdate(caller.at))
    return {
        "matter": str(card.id),
        "what": card.what.value,
        "what_label": card.what.label,
        "about": str(card.about),
        "state": card.state.value,
        "state_label": card.state.label,
        "preview_sha256": card.preview_sha256,
        "needed": max(card.needed, demands.needed(card.subject_id, as_of=caller.at)),
        "signed": [{"name": one.name, "at": one.signed_at.isoformat()} for one in counted],
        "opened_at": card.opened_at.isoformat(),
        "lapses_on": card.lapses_on.isoformat(),
    }
