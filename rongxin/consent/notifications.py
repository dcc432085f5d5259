"""Word to the firm, outside the channel in which something was done in its name (threats T7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rongxin.consent.models import Notification
from rongxin.journal import windows
from rongxin.journal.windows import Part, Window


@dataclass(frozen=True)
class Card:
    id: int
    kind: str
    text: str
    refs: Mapping[str, str]
    created_at: datetime
    seen_at: datetime | None


def tell(subject_id: int, kind: str, text: str, *, refs: Mapping[str, str], as_of: datetime) -> None:
    """Leave word for a subject, in the caller's transaction."""
    Notification.objects.create(
        subject_id=subject_id, kind=kind, text=text, refs=dict(refs), created_at=as_of
    )


def of_subject(subject_id: int) -> list[Card]:
    """Return what a subject was told, the newest first."""
    rows = Notification.objects.filter(subject=subject_id).order_by("-id")
    return [_card(row) for row in rows]


def part_of(subject_id: int, window: Window) -> Part[Card]:
    """Return a part of what a subject was told, the newest first."""
    return windows.part(Notification.objects.filter(subject=subject_id), window, "-id").of(_card)


def _card(row: Notification) -> Card:
    return Card(row.id, row.kind, row.text, row.refs, row.created_at, row.seen_at)
