"""谁查过我: every use of a subject's information and every refused attempt, for the subject, free ((九))."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from rongxin.delivery.push import uses as pushes
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
    """List the uses of the caller's own information, the newest first, pushes among them; what was refused
    stands here too.
    """
    subject, most = int(authentication.caller(request).party), max(1, min(limit, 500))
    found = [*register.uses_of(subject, limit=most), *pushes.of(subject, limit=most)]
    found.sort(key=lambda use: use.asked_at, reverse=True)
    return [Use(**vars(use)) for use in found[:most]]
