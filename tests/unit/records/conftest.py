"""Rows for the store, made by hand: one subject or several, one record key or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from django.db import transaction

from rongxin.parties.models import Subject
from rongxin.proof import canonical
from rongxin.records import filing
from rongxin.records.rules import EQUAL, Precedence
from rongxin.vocabulary.actor import Actor, ActorKind

NOW = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
DECIDED_BY = ("authority_uscc", "authority")
CLERK = Actor(ActorKind.ACCOUNT, "clerk", "provider:bureau")


class Row(dict[str, Any]):
    """One staged row."""

    def __init__(
        self, line: int, subject: int, key: str, content: Mapping[str, Any], on: date | None = None
    ) -> None:
        super().__init__(
            line=line,
            subject_id=subject,
            record_key=key,
            observed_on=on.isoformat() if on else None,
            digest=canonical.digest(content),
            payload=canonical.dumps(content).decode(),
            source="{}",
        )


SCHEMA = {
    "line": pl.Int64,
    "subject_id": pl.Int64,
    **dict.fromkeys(("record_key", "observed_on", "digest", "payload", "source"), pl.Utf8),
}


class Bureau:
    """Files batches, one a day."""

    def __init__(self) -> None:
        self.day = NOW

    def files(
        self,
        *rows: Row,
        item: str = "administrative_penalty",
        provider: str = "bureau",
        is_state: bool = False,
        precedence: Precedence = EQUAL,
    ) -> tuple[UUID, filing.Filed, list[filing.Finding]]:
        self.day += timedelta(days=1)
        lot = filing.Lot(uuid4(), item, 1, provider, self.day, is_state, precedence, DECIDED_BY)
        with transaction.atomic():
            staging = filing.stage(lot, as_of=self.day)
            staging.write(pl.DataFrame(list(rows), schema=SCHEMA))
            filed = staging.file()
            return lot.batch_id, filed, list(staging.findings())

    def lists(self, *rows: Row, provider: str, item: str = "administrative_penalty") -> tuple[UUID, int]:
        """File a full list: what it doesn't name is over; return its batch and how many ended."""
        batch, done = self._lists(rows, provider, item, EQUAL)
        return batch, done.ended

    def lists_of(self, provider: str, *rows: Row, precedence: Precedence) -> filing.Delisted:
        """File a full list of one of several sources."""
        return self._lists(rows, provider, "administrative_penalty", precedence)[1]

    def _lists(
        self, rows: tuple[Row, ...], provider: str, item: str, precedence: Precedence
    ) -> tuple[UUID, filing.Delisted]:
        self.day += timedelta(days=1)
        lot = filing.Lot(uuid4(), item, 1, provider, self.day, False, precedence)
        with transaction.atomic():
            staging = filing.stage(lot, as_of=self.day)
            staging.write(pl.DataFrame(list(rows), schema=SCHEMA))
            staging.file()
            done = staging.delist(listed_on=self.day.date(), by_key=False, newer=())
        return lot.batch_id, done

    def withdraws(
        self, batch: UUID, item: str = "administrative_penalty", precedence: Precedence = EQUAL
    ) -> filing.Withdrawn:
        self.day += timedelta(days=1)
        return filing.withdraw_batch(batch, item=item, actor=CLERK, as_of=self.day, precedence=precedence)


@pytest.fixture
def bureau() -> Bureau:
    return Bureau()


@pytest.fixture
def subject() -> Callable[[], int]:
    """Open one more subject and return its number."""

    def opened() -> int:
        row = Subject.objects.create(kind="company", name="甲", canonical_name="甲|", opened_at=NOW)
        return row.id

    return opened
