"""紧急查阅 at the gate: an operator's person sees by what another approved, for minutes (threats T9).

Like a department's mandate it stands where an institution has standing and consent. What is seen is what the
subject would see of its own in the store; third persons stay masked, for nobody could tell them.
"""

from __future__ import annotations

from datetime import datetime

from rongxin.disclosure import rules
from rongxin.disclosure.official_duty import Carries
from rongxin.disclosure.release import Request
from rongxin.parties import break_glass, subjects
from rongxin.vocabulary.reason import Reason


def standing(request: Request, *, as_of: datetime) -> Reason | None:
    """Say why the person sees nothing at all."""
    return break_glass.standing(request.mandate_id, account=request.recipient.id, as_of=as_of)


def outside(request: Request, subject: subjects.Card | None) -> Reason | None:
    """Say why the subject is none of the opening's; None for every other recipient."""
    if request.recipient.kind is not rules.RecipientKind.OPERATOR or request.mandate_id is None:
        return None
    card = break_glass.find(request.mandate_id)
    if subject is None or card is None or card.subject == subject.id:
        return None
    return Reason.BREAK_GLASS_MISSING


def carries(request: Request) -> Carries | None:
    """Return for the decision table on what each item rests: it opens whatever is stored."""
    if request.recipient.kind is not rules.RecipientKind.OPERATOR:
        return None
    return lambda item: rules.Consented(Reason.BREAK_GLASS)
