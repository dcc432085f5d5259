"""谁查过我: every use of a subject's information and every refused attempt, for the subject, free ((九))."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from rongxin.disclosure import register
from rongxin.entrypoints.api import authentication

router = Router(tags=["使用记录 Uses"])


class Use(Schema):
    request: UUID
    asked_at: datetime
    recipient_kind: str
    recipient: str
    person: str
    purpose: str
    reference: str
    released: bool | None
    reason: str
    items: dict[str, Any]
    intent_entry: UUID
    outcome_entry: UUID | None
    legal_basis: str
    kept_until: date | None


@router.get(
    "", auth=authentication.SUBJECT, response=list[Use], summary="使用记录 Who asked for my information"
)
def mine(request: HttpRequest, limit: int = 100) -> list[Use]:
    """List the uses of the caller's own information, the newest first; what was refused stands here too."""
    caller = authentication.caller(request)
    found = register.uses_of(int(caller.party), limit=max(1, min(limit, 500)))
    return [Use(**vars(use)) for use in found]
