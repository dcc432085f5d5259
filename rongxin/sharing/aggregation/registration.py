"""What filing licences means for the parties: 营业执照信息 is the registration record of its subjects (annex
row 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rongxin.consent import grants
from rongxin.parties import licences, subjects
from rongxin.records import filing
from rongxin.vocabulary.actor import Actor

ITEM = "business_licence"


def follow(lot: filing.Lot, *, actor: Actor, as_of: datetime) -> None:
    """Bring the subjects of a batch of licences in line with it, in the transaction that files the batch."""
    if lot.item == ITEM:
        licences.follow(_licences(lot), actor=actor, as_of=as_of)


def follow_withdrawal(batch_id: UUID, item: str, *, actor: Actor, as_of: datetime) -> None:
    """Bring the subjects of a withdrawn batch of licences in line with the licences that count again.

    A firm that the batch had deregistered is registered again by its earlier licence, or unverified where it
    has none; its consents and the roles in it ended for good. Where the batch had brought a new name or
    representative, the earlier licence's come back as a change of today; without an earlier one, they stay.
    """
    if item != ITEM:
        return
    held = []
    for subject_id, gone, now in list(filing.facts_taken_back(batch_id, item)):
        licence = _licence(subject_id, now) if now else None
        over = licence is not None and licence.deregistered
        if _licence(subject_id, gone).deregistered and not over and subjects.get(subject_id).deregistered:
            # First what hung on the firm, so that nothing is revived with it.
            grants.end_of_subject(subject_id, as_of=as_of)
            subjects.undo_deregistration(subject_id, actor=actor, as_of=as_of)
        if licence is not None:
            held.append(licence)
    licences.follow(held, actor=actor, as_of=as_of)


def _licences(lot: filing.Lot) -> Iterator[licences.Licence]:
    for subject_id, facts in filing.facts_of(lot):
        yield _licence(subject_id, facts)


def _licence(subject_id: int, facts: dict[str, Any]) -> licences.Licence:
    established_on = facts.get("established_on")
    return licences.Licence(
        subject_id=subject_id,
        name=facts["name"],
        legal_representative=facts.get("legal_representative", ""),
        established_on=date.fromisoformat(established_on) if established_on else None,
        status=facts.get("registration_status", ""),
    )
