"""The register of disclosures on its way out: who asked about whom, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rongxin.disclosure.models import Intent, Outcome


def out_of(codes: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """Yield every intent with its outcome, oldest first; `codes` gives a subject's unified code."""
    for row in Intent.objects.select_related("outcome").order_by("asked_at", "id").iterator(chunk_size=2_000):
        outcome: Outcome | None = getattr(row, "outcome", None)
        yield {
            "request": str(row.id),
            "asked_at": row.asked_at.isoformat(),
            "recipient_kind": row.recipient_kind,
            "recipient": row.recipient,
            "person": row.person,
            "subject": codes.get(row.subject_id, ""),
            "purpose": row.purpose,
            "reference": row.reference,
            "items": row.items,
            "intent_entry": str(row.entry),
            "released": outcome.released if outcome else None,
            "reason": outcome.reason if outcome else "",
            "digest": outcome.digest if outcome else "",
            "summary": outcome.summary if outcome else {},
            "outcome_entry": str(outcome.entry) if outcome else None,
        }
