"""What the platform itself makes of what it may hold, on its way out: the credit evaluation （（七））.

Decided like every item, by its channels and the consent; read by the committed intent, like every record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rongxin.consent.rules import business_day
from rongxin.disclosure import plan, scored
from rongxin.disclosure.plan import ItemPlan
from rongxin.disclosure.release import ReleasedItem, SubjectCard
from rongxin.disclosure.rules import RecipientKind
from rongxin.evaluation import by_intent, explaining
from rongxin.evaluation.scores import Stored
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason

EVALUATION = "credit_evaluation"
PROVIDER = "platform"


@dataclass(frozen=True)
class Row:
    """A score as `plan` takes what is stored."""

    payload: Mapping[str, Any]
    observed_on: date
    received_at: datetime
    id: int = 0
    provider: str = PROVIDER


def released(
    entry: ItemPlan,
    others: Sequence[tuple[ItemPlan, ReleasedItem]],
    intent: UUID,
    subject: SubjectCard,
    *,
    as_of: datetime,
) -> tuple[ReleasedItem, Stored | None]:
    """Return the subject's scores as they leave, or none and why; beside the public one that of this request,
    where the consent names the evaluation and the `others` that leave by it add something.

    None is given where a record has been repaired, corrected or removed since the score was made: it is gone
    from the score as it is from the report, and the new score comes within the minute.
    """
    given = by_intent.of(intent)
    own: Stored | None = None
    found: list[Row] = []
    why = Reason.NOT_EVALUATED if given is None else Reason.EVALUATION_UNDER_WAY
    if given is not None and not given.overtaken:
        found = [row_of(given.stored, subject.uscc)]
        if entry.context.consented.covers and entry.context.recipient is RecipientKind.INSTITUTION:
            own = scored.made(given.stored, others, subject, as_of=as_of)
        found += [row_of(own, subject.uscc)] if own else []
    item = plan.answer(entry, found, (), connected=True, day=business_day(as_of))
    if item.availability is Availability.NO_RECORD:
        item = replace(item, reason=why)
    return item, own if item.rows else None


def row_of(stored: Stored, uscc: str) -> Row:
    """Return a score with its explanation as the item's fields."""
    return Row(explaining.payload(stored, uscc), stored.as_of, stored.facts_at)
