"""What filing licences means for the parties: 营业执照信息 is the registration record of its subjects (annex
row 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from rongxin.parties import licences
from rongxin.records import filing
from rongxin.vocabulary.actor import Actor

ITEM = "business_licence"


def follow(lot: filing.Lot, *, actor: Actor, as_of: datetime) -> None:
    """Bring the subjects of a batch of licences in line with it, in the transaction that files the batch."""
    if lot.item == ITEM:
        licences.follow(_licences(lot), actor=actor, as_of=as_of)


def _licences(lot: filing.Lot) -> Iterator[licences.Licence]:
    for subject_id, facts in filing.facts_of(lot):
        established_on = facts.get("established_on")
        yield licences.Licence(
            subject_id=subject_id,
            name=facts["name"],
            legal_representative=facts.get("legal_representative", ""),
            established_on=date.fromisoformat(established_on) if established_on else None,
            status=facts.get("registration_status", ""),
        )
