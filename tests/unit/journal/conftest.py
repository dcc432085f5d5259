"""Entries of an invented city for the journal's tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from rongxin.journal import entries
from rongxin.journal.entries import Entry
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import Actor, ActorKind

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
BANK = Actor(ActorKind.API_CLIENT, "client_7", "institution:bank_a")
Append = Callable[..., Entry]
Fill = Callable[[int], list[Entry]]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def append() -> Append:
    def append(subject: int = 1, kind: Kind = Kind.DISCLOSURE_RELEASED) -> Entry:
        return entries.append(
            kind,
            actor=BANK,
            refs={"subject": subject, "institution": "bank_a", "consent": f"consent-{subject}"},
            commitments={"response": f"{subject:064x}"},
            as_of=NOW + timedelta(seconds=subject),
        )

    return append


@pytest.fixture
def fill() -> Fill:
    """Append many entries at once."""

    def fill(count: int, kind: Kind = Kind.DISCLOSURE_RELEASED) -> list[Entry]:
        drafts = [entries.Draft(kind=kind, refs={"subject": number}) for number in range(count)]
        return entries.append_all(drafts, actor=BANK, as_of=NOW)

    return fill
