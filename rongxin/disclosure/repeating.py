"""A request that asks for an earlier one's answers again, laid beside that one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rongxin.disclosure import kept, register, rules
from rongxin.disclosure.release import Request
from rongxin.vocabulary.reason import Reason


def beside(request: Request, subject: int) -> tuple[Request, Reason | None]:
    """Lay a repeat beside the request that it names: same recipient, subject, consent and purpose, and no
    item more. Which of these is wrong is not said, nor whether another institution has such a request.
    """
    if request.repeats is None:
        return request, None
    earlier = register.earlier(request.repeats, recipient=request.recipient.id)
    if (
        request.recipient.kind is not rules.RecipientKind.INSTITUTION
        or earlier is None
        or (earlier.subject, earlier.purpose) != (subject, request.purpose)
        or request.consent_id not in (None, earlier.consent)
        or not set(request.items) <= set(earlier.items)
        or request.claims
        or request.seal_to
    ):
        return request, Reason.ANSWERS_NOT_KEPT
    return replace(request, consent_id=earlier.consent), None


def gone(request: Request, *, as_of: datetime) -> Reason | None:
    """Say where what a repeat asks for is kept no longer."""
    if request.repeats is None or kept.there(request.repeats, as_of=as_of):
        return None
    return Reason.ANSWERS_NOT_KEPT
