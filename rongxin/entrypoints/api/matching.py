"""匹配台: the operator's clerks settle rows that wait for their subject; what is against a firm takes two."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from rongxin.entrypoints.api import acts, authentication
from rongxin.sharing.aggregation import decisions, waiting_rows

router = Router(tags=["匹配台 Matching desk"])
Text = Annotated[str, Field(max_length=500)]
Said = Annotated[str, Field(min_length=1, max_length=500)]
_LIMIT = Annotated[int, Field(ge=1, le=100)]


@router.get("", auth=authentication.DESK, summary="待匹配的行 Rows that wait")
def waiting(
    request: HttpRequest,
    batch: UUID | None = None,
    item: str | None = None,
    provider: str | None = None,
    older_than_days: Annotated[int, Field(ge=0, le=36_500)] | None = None,
    after_batch: UUID | None = None,
    after_line: int = 0,
    limit: _LIMIT = 20,
) -> list[dict[str, Any]]:
    """Return rows that wait, those of the oldest batch first, with whom they may belong to.

    `after_batch` and `after_line` name the last row of the page before.
    """
    found = waiting_rows.find(
        batch=batch,
        item=item,
        provider=provider,
        older_than_days=older_than_days,
        after=(after_batch, after_line) if after_batch else None,
        limit=limit,
        as_of=authentication.caller(request).at,
    )
    return [row.document() | {"candidates": _candidates(row)} for row in found]


@router.get("/{batch_id}/{int:line}", auth=authentication.DESK, summary="一行与候选主体 A row")
def show(request: HttpRequest, batch_id: UUID, line: int) -> dict[str, Any]:
    """Return a row with its candidates, the evidence beside each, and every decision on it."""
    row = waiting_rows.get(batch_id, line, as_of=authentication.caller(request).at)
    taken = [card.document() for card in decisions.on(batch_id, line)]
    return row.document() | {"candidates": _candidates(row), "decisions": taken}


class Match(Schema):
    uscc: str
    reason: Text = ""


@router.post("/{batch_id}/{int:line}/match", auth=authentication.DESK, summary="归集到主体 Match")
def match(request: HttpRequest, batch_id: UUID, line: int, body: Match) -> dict[str, Any]:
    """Attach the row to a subject; a negative item's row waits for a second person (`state`: proposed)."""
    return acts.ask(request, "match.match", batch=batch_id, line=line, uscc=body.uscc, reason=body.reason)


class Dismissal(Schema):
    reason: Said
    return_to_provider: bool = False


@router.post("/{batch_id}/{int:line}/dismiss", auth=authentication.DESK, summary="无此主体 Dismiss")
def dismiss(request: HttpRequest, batch_id: UUID, line: int, body: Dismissal) -> dict[str, Any]:
    """Say that no subject here is meant, or return the row to its provider to be corrected."""
    act = "match.send_back" if body.return_to_provider else "match.dismiss"
    return acts.ask(request, act, batch=batch_id, line=line, reason=body.reason)


@router.post("/decisions/{decision_id}/confirm", auth=authentication.CHECKER, summary="确认 Confirm")
def confirm(request: HttpRequest, decision_id: UUID) -> dict[str, Any]:
    """Put another account's decision in force: its id names exactly what was seen."""
    return acts.ask(request, "match.confirm", decision=decision_id)


class Reversal(Schema):
    reason: Said


@router.post("/decisions/{decision_id}/reverse", auth=authentication.DESK, summary="撤销 Reverse")
def reverse(request: HttpRequest, decision_id: UUID, body: Reversal) -> dict[str, Any]:
    """Take a decision back, or decline a proposed one; the row waits again."""
    return acts.ask(request, "match.reverse", decision=decision_id, reason=body.reason)


def _candidates(row: waiting_rows.Waiting) -> list[dict[str, Any]]:
    return [one.document() for one in row.candidates()]
