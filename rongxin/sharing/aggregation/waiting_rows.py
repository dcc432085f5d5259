"""Rows that wait for their subject: which, since when, what they say of their firm, read anew with a code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl
from django.db.models import QuerySet

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.exchange.subjects import Key, key_of
from rongxin.journal import windows
from rongxin.journal.windows import Part, Window
from rongxin.parties import candidates
from rongxin.parties.rules.desk import State
from rongxin.parties.rules.likeness import Traces
from rongxin.records import filing
from rongxin.sharing.aggregation import headers as heads
from rongxin.sharing.aggregation import outcomes, saved_mappings, validation
from rongxin.sharing.aggregation.readers.source import Chunk
from rongxin.sharing.errors import UnknownRow
from rongxin.sharing.models import Batch, Decision, Outcome
from rongxin.sharing.rules import RowOutcome, Status
from rongxin.vocabulary import uscc

# Columns in which departments give a firm's old codes, and where it is, whatever the item.
_OLD_CODES = ("organisation_code", "business_registration_number")
_ADDRESSES = ("registered_address", "address", "location")
Raw = Mapping[str, str | None]


@dataclass(frozen=True)
class Waiting:
    """A row that waits, with its batch; `proposal` is the first person's decision that a second must see."""

    batch: UUID
    line: int
    item: Item
    provider: str
    file_name: str
    since: datetime
    age_days: int
    rule: str
    message: str
    traces: Traces
    proposal: UUID | None

    def candidates(self) -> list[candidates.Candidate]:
        """Search the register for whom the row may belong to."""
        return candidates.search(self.traces)

    def document(self) -> dict[str, Any]:
        """What a list shows of the row: its name and codes of firms, no number of a person."""
        return {
            "batch": str(self.batch),
            "line": self.line,
            "item": self.item.item,
            "item_label": self.item.label,
            "negative": self.item.negative,
            "provider": self.provider,
            "file_name": self.file_name,
            "waits_since": self.since.isoformat(),
            "age_days": self.age_days,
            "rule": self.rule,
            "message": self.message,
            "name": self.traces.name,
            "codes": list(self.traces.codes),
            "proposal": str(self.proposal) if self.proposal else None,
        }


def find(
    *,
    as_of: datetime,
    batch: UUID | None = None,
    item: str | None = None,
    provider: str | None = None,
    older_than_days: int | None = None,
    after: tuple[UUID, int] | None = None,
    limit: int = 20,
) -> list[Waiting]:
    """Return rows that wait, those of the oldest batch first; `after` is the last row of the page before."""
    rows = _waiting_now(item, provider, older_than_days, as_of)
    if batch is not None:
        rows = rows.filter(batch_id=batch)
    if after is not None:
        rows = rows.filter(batch_id=after[0], line__gt=after[1]) | rows.filter(batch_id__gt=after[0])
    # A batch's id grows with time.
    found = list(rows.select_related("batch__mapping").order_by("batch_id", "line")[:limit])
    proposals = _proposals([row.batch_id for row in found])
    return [_waiting(row, proposals.get((row.batch_id, row.line)), as_of) for row in found]


def part_of(
    window: Window,
    *,
    find: str = "",
    item: str | None = None,
    provider: str | None = None,
    older_than_days: int | None = None,
    as_of: datetime,
) -> Part[Waiting]:
    """Return a part of the rows that wait, those of the oldest batch first; `find`: in the file's name."""
    rows = _waiting_now(item, provider, older_than_days, as_of)
    if find:
        rows = rows.filter(batch__file_name__icontains=find)
    part = windows.part(rows.select_related("batch__mapping"), window, "batch_id", "line")
    proposals = _proposals([row.batch_id for row in part.rows])
    return part.of(lambda row: _waiting(row, proposals.get((row.batch_id, row.line)), as_of))


def _waiting_now(
    item: str | None, provider: str | None, older_than_days: int | None, as_of: datetime
) -> QuerySet[Outcome]:
    rows = Outcome.objects.filter(
        outcome=RowOutcome.PENDING, batch__status=Status.FILED, batch__pending__gt=0
    )
    if item is not None:
        rows = rows.filter(batch__item=item)
    if provider is not None:
        rows = rows.filter(batch__provider_id=provider)
    if older_than_days is not None:
        rows = rows.filter(batch__finished_at__lt=as_of - timedelta(days=older_than_days))
    return rows


def get(batch_id: UUID, line: int, *, as_of: datetime) -> Waiting:
    """Return one row that waits or was settled at the desk; raises `UnknownRow`."""
    row = row_of(batch_id, line)
    return _waiting(row, _proposals([batch_id]).get((batch_id, line)), as_of)


def row_of(batch_id: UUID, line: int) -> Outcome:
    """Return the outcome of a row whose text was kept; raises `UnknownRow`."""
    row = Outcome.objects.select_related("batch__mapping").filter(batch_id=batch_id, line=line).first()
    if row is None or row.raw is None:
        raise UnknownRow(batch_id, line)
    return row


def read(batch: Batch, item: Item, line: int, raw: Raw, *, code: str | None = None) -> validation.Validated:
    """Read a row again as its file was read; with `code` as if it had come with it, on the day it came."""
    headers, cells = list(batch.headers), dict(raw)
    own = saved_mappings.of(batch, item)
    mapping = heads.match(headers, item, own)
    if code is not None and (field := _code_field(item)):
        column = next((one.header for one in mapping.columns if field in one.fields), None)
        if column is None:
            column = item.column(field).label
            headers.append(column)
            mapping = heads.match(headers, item, own)
        cells[column] = code
    frame = pl.DataFrame({header: [cells.get(header)] for header in headers}, schema=_texts(headers))
    chunk = Chunk(frame, pl.Series("line", [line], dtype=pl.Int64))
    day = (batch.finished_at or batch.received_at).astimezone(filing.CHINA).date()
    return validation.validate(chunk, item, mapping, today=day)


def _texts(headers: list[str]) -> dict[str, pl.DataType]:
    return dict.fromkeys(headers, pl.String())


def _code_field(item: Item) -> str | None:
    return next((name for name in item.subject_key if key_of(item.column(name)) is Key.CODE), None)


def _proposals(batches: list[UUID]) -> dict[tuple[UUID, int], UUID]:
    found = Decision.objects.filter(batch_id__in=set(batches), state=State.PROPOSED)
    return {(one.batch_id, one.line): one.id for one in found}


def _waiting(row: Outcome, proposal: UUID | None, as_of: datetime) -> Waiting:
    batch, item = row.batch, loader.load().item(row.batch.item)
    since = batch.finished_at or batch.received_at
    return Waiting(
        batch=batch.id,
        line=row.line,
        item=item,
        provider=batch.provider_id,
        file_name=batch.file_name,
        since=since,
        age_days=(as_of - since).days,
        rule=row.rule,
        message=row.message,
        traces=_traces(batch, item, row),
        proposal=proposal,
    )


def _traces(batch: Batch, item: Item, row: Outcome) -> Traces:
    """What a row says of its firm: its cleaned values, or its texts where today's list doesn't take it."""
    raw = outcomes.raw_of(row) or {}
    checked = read(batch, item, row.line, raw)
    values = checked.values.row(0, named=True) if checked.values.height else {}
    if not values:
        columns = heads.match(list(batch.headers), item, saved_mappings.of(batch, item)).columns
        values = {name: raw.get(one.header) for one in columns for name in one.fields}

    def of_key(key: Key) -> Iterator[str]:
        return (
            str(values[name])
            for name in item.subject_key
            if values.get(name) and key_of(item.column(name)) is key
        )

    codes = [*of_key(Key.CODE), *(str(values[name]) for name in _OLD_CODES if values.get(name))]
    return Traces(
        name=next(of_key(Key.NAME), ""),
        codes=tuple(dict.fromkeys(uscc.clean(code).replace("-", "") for code in codes)),
        representative=values.get("legal_representative") or "",
        representative_number=values.get("legal_representative_id_number") or "",
        addresses=tuple(str(values[name]) for name in _ADDRESSES if values.get(name)),
        established_on=_day(values.get("established_on") if checked.values.height else None),
        observed_on=_day(checked.accepted["observed_on"][0] if checked.accepted.height else None),
    )


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
