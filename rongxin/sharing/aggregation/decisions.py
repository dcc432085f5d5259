"""What was decided at the matching desk: read again in parts, searched, each with its row and its batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from rongxin.journal import windows
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.parties.rules.desk import State, Verdict
from rongxin.sharing.errors import UnknownDecision
from rongxin.sharing.models import Decision
from rongxin.sharing.rules import RowOutcome


@dataclass(frozen=True)
class Card:
    """A decision as it stands, and how its row ended by it (None while it is only proposed)."""

    id: UUID
    batch: UUID
    item: str
    provider: str
    file_name: str
    line: int
    verdict: Verdict
    state: State
    uscc: str | None
    name: str | None
    reason: str
    outcome: RowOutcome | None
    decided_by: str
    decided_at: datetime
    confirmed_by: str
    closed_by: str
    closed_reason: str

    def document(self) -> dict[str, Any]:
        """What a person sees of a decision, so a second one of the first's."""
        return {
            "decision": str(self.id),
            "batch": str(self.batch),
            "line": self.line,
            "verdict": self.verdict.value,
            "verdict_label": self.verdict.label,
            "state": self.state.value,
            "state_label": self.state.label,
            "uscc": self.uscc,
            "name": self.name,
            "reason": self.reason,
            "outcome": self.outcome.value if self.outcome else None,
            "outcome_label": self.outcome.label if self.outcome else None,
            "decided_by": self.decided_by,
            "decided_at": self.decided_at.isoformat(),
            "confirmed_by": self.confirmed_by or None,
            "closed_by": self.closed_by or None,
            "closed_reason": self.closed_reason or None,
        }


def get(decision_id: UUID) -> Card:
    """Return one decision; raises `UnknownDecision`."""
    found = Decision.objects.select_related("subject", "batch").filter(pk=decision_id).first()
    if found is None:
        raise UnknownDecision(decision_id)
    return card(found)


def on(batch_id: UUID, line: int) -> Sequence[Card]:
    """Return every decision that was taken on a row, the oldest first."""
    found = Decision.objects.filter(batch_id=batch_id, line=line).select_related("subject", "batch")
    return [card(one) for one in found.order_by("decided_at", "id")]


def part_of(
    window: Window, *, find: str = "", items: Collection[str] = (), state: State | None = None
) -> Part[Card]:
    """Return a part of all decisions, the newest first: those on a firm so named or of this code, on a file
    so named, of one of `items`; those in a state.
    """
    rows = Decision.objects.select_related("subject", "batch")
    if state is not None:
        rows = rows.filter(state=state)
    if find:
        of_batch = Q(batch__file_name__icontains=find) | Q(batch__item__in=items)
        rows = rows.filter(subjects.called(find) | of_batch)
    return windows.part(rows, window, "-decided_at", "-id").of(card)


def card(decision: Decision) -> Card:
    """Return a decision as others may see it."""
    subject = decision.subject
    return Card(
        id=decision.id,
        batch=decision.batch_id,
        item=decision.batch.item,
        provider=decision.batch.provider_id,
        file_name=decision.batch.file_name,
        line=decision.line,
        verdict=Verdict(decision.verdict),
        state=State(decision.state),
        uscc=subject.uscc if subject else None,
        name=subject.name if subject else None,
        reason=decision.reason,
        outcome=RowOutcome(decision.outcome) if decision.outcome else None,
        decided_by=decision.decided_by,
        decided_at=decision.decided_at,
        confirmed_by=decision.confirmed_by,
        closed_by=decision.closed_by,
        closed_reason=decision.closed_reason,
    )
