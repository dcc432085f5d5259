"""机构评分卡: the institution's own card, and its score of a subject that consented for a case ((七)(九))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document
from rongxin.vocabulary.purpose import Purpose


@dataclass(frozen=True)
class Question:
    """Whom to score, by whom and for which case. What isn't consented to and not public is missing."""

    uscc: str
    case: UUID
    reference: str
    person: str
    purpose: Purpose = Purpose.PRE_LOAN_REVIEW
    branch: str = ""
    consent: UUID | None = None

    def body(self) -> dict[str, Any]:
        return calls.filled(self)


class Card(Document):
    """A card as the node holds it; `content` comes with one card, not with the list."""

    card: UUID
    name: str
    digest: str
    columns: list[str]
    items: list[str]
    uploaded_at: datetime
    retired_at: datetime | None


class Score(Document):
    """What a card says of a subject; what it was computed from isn't in it. `proof` leads to the journal."""

    request: UUID
    score: int
    proof: dict[str, Any]


def upload(file: Path, name: str) -> Call[Card]:
    """Upload a card as `rongxin evaluate fit` writes it; the node checks it whole and says what is wrong."""
    return calls.upload("institution-cards", Card, file, file.read_bytes(), name=name)


def own() -> Call[list[Card]]:
    return calls.get("institution-cards", list[Card])


def show(card: UUID) -> Call[Card]:
    return calls.get(f"institution-cards/{calls.part(card)}", Card)


def retire(card: UUID) -> Call[Card]:
    """Let a card be applied no more."""
    return calls.write("POST", f"institution-cards/{calls.part(card)}/retire", Card)


def score(card: UUID, question: Question) -> Call[Score]:
    """Score a subject; the use counts and is seen by the subject like a report's."""
    return calls.write("POST", f"institution-cards/{calls.part(card)}/scores", Score, question.body())
