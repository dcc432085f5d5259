"""结果反馈: tell what became of the cases ((七)); told twice is told once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document

Stage = Literal[
    "received", "approved", "rejected", "cancelled", "drawn", "repayment", "settled", "written_off"
]
Security = Literal["credit", "guarantee", "mortgage", "pledge"]
Rejection = Literal[
    "repayment_ability", "credit_record", "information", "documents", "purpose", "policy", "other"
]


@dataclass(frozen=True)
class Told:
    """One step of a case on one day; each stage has its own values."""

    stage: Stage
    on: date
    amount_cny: Decimal | None = None
    rate_bp: int | None = None
    term_months: int | None = None
    security: Security | None = None
    rejection: Rejection | None = None
    outstanding_cny: Decimal | None = None
    overdue_days: int | None = None
    overdue_cny: Decimal | None = None


class Accepted(Document):
    number: int
    outcome: UUID


class NotTaken(Document):
    number: int
    reason: str


class Receipt(Document):
    """What became of each step, by its place from 1."""

    accepted: list[Accepted]
    duplicates: list[int]
    refused: list[NotTaken]


class FileReceipt(Document):
    """What became of a file's rows; `reasons` of those refused."""

    rows: int
    accepted: int
    duplicates: int
    refused: int
    reasons: Any


class Outcome(Document):
    outcome: UUID
    case: UUID
    reference: str
    stage: str
    on: date
    told_at: datetime
    corrected: bool
    withdrawn: bool


def tell(steps: Sequence[tuple[str, Told]]) -> Call[Receipt]:
    """Tell up to a thousand steps, each with the institution's own number of its case."""
    told = [{"reference": reference, **_said(step)} for reference, step in steps]
    return calls.write("POST", "outcomes", Receipt, {"outcomes": told})


def hand_in(file: Path) -> Call[FileReceipt]:
    """Hand in a file (CSV, workbook, JSON Lines, Parquet); it is read now and can be handed in again."""
    return calls.upload("outcomes/files", FileReceipt, file, file.read_bytes())


def correct(outcome: UUID, told: Told, why: str) -> Call[Outcome]:
    """Put another step in the place of a wrong one; the wrong one stays readable."""
    path = f"outcomes/{calls.part(outcome)}/correction"
    return calls.write("POST", path, Outcome, {**_said(told), "why": why})


def withdraw(outcome: UUID, why: str) -> Call[Outcome]:
    """Take back a step that never was; it stays readable, and nothing stands in its place."""
    return calls.write("POST", f"outcomes/{calls.part(outcome)}/withdrawal", Outcome, {"why": why})


def of_case(reference: str) -> Call[list[Outcome]]:
    return calls.get("outcomes", list[Outcome], reference=reference)


def _said(told: Told) -> dict[str, Any]:
    return {name: value for name, value in asdict(told).items() if value is not None}
