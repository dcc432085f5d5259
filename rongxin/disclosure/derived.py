"""What the platform itself makes of what it may hold, on its way out: the credit evaluation （（七））.

Decided like every item, by its channels and the consent; read by the committed intent, like every record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rongxin.disclosure.release import ReleasedItem, SubjectCard
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


def rows(intent: UUID, subject: SubjectCard) -> tuple[list[Row], Reason | None]:
    """Return the subject's score as a row, or none and why.

    None is given where a record has been repaired, corrected or removed since the score was made: it is gone
    from the score as it is from the report, and the new score comes within the minute.
    """
    given = by_intent.of(intent)
    if given is None:
        return [], Reason.NOT_EVALUATED
    if given.overtaken:
        return [], Reason.EVALUATION_UNDER_WAY
    return [row_of(given.stored, subject.uscc)], None


def row_of(stored: Stored, uscc: str) -> Row:
    """Return a score with its explanation as the item's fields."""
    return Row(explaining.payload(stored, uscc), stored.as_of, stored.facts_at)


def reasoned(item: ReleasedItem, why: Reason | None) -> ReleasedItem:
    """Say why there is no score, where there could be one."""
    return replace(item, reason=why) if why and item.availability is Availability.NO_RECORD else item
