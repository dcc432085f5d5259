"""A department at the gate: its mandate stands where an institution has standing and consent ((五)).

Read fresh in each of the gate's transactions and held there, so that a revocation waits for a release under
way and no later one passes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from rongxin.catalogue.schema import Item
from rongxin.consent.rules import business_day
from rongxin.disclosure import rules
from rongxin.disclosure.release import Request
from rongxin.parties import duty_mandates, subjects
from rongxin.parties.duty_mandates import Card as Mandate
from rongxin.parties.rules import duty
from rongxin.vocabulary.reason import Reason


def look(request: Request) -> Mandate | None:
    """Return the mandate that a department names; None for every other recipient, and where there is none."""
    if request.recipient.kind is not rules.RecipientKind.DEPARTMENT or request.mandate_id is None:
        return None
    return duty_mandates.held(request.mandate_id)


def standing(request: Request, *, as_of: datetime) -> Reason | None:
    """Say why the department may not ask at all: no mandate in force, or items that it does not name."""
    mandate = look(request)
    if mandate is None:
        return Reason.DUTY_MANDATE_MISSING
    terms = mandate.terms
    return duty.standing(
        terms, mandate.state, department=request.recipient.id, day=business_day(as_of)
    ) or duty.names(terms, request.items)


def outside(mandate: Mandate | None, subject: subjects.Card | None) -> Reason | None:
    """Say why the subject is none of the mandate's."""
    if mandate is None or subject is None:
        return None
    return duty.reaches(mandate.terms, uscc=subject.uscc or "", region=subject.region)


def take(request: Request, day: date) -> Reason | None:
    """Count the subject against the mandate's limit of the day."""
    mandate = look(request)
    return Reason.DUTY_MANDATE_MISSING if mandate is None else duty_mandates.take(mandate, day, count=1)


Carries = Callable[[Item], rules.Consented]


def carries(mandate: Mandate) -> Carries:
    """Return for the decision table on what each item rests."""
    return lambda item: rules.Consented(duty.of_item(mandate.terms, item.item))
