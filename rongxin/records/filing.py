"""Append rows to the store, a whole batch in one transaction; end rows; withdraw a batch ((四)(五)(九)).

A batch is copied into a temporary table, compared with what is held in a handful of set-based statements
(`records.rules.fate` is their twin for one row) and inserted at once: either the whole batch counts or
none of it. Two batches of one item are filed one after the other; docs/decisions/0004-records.md says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection, transaction

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.records import (
    lake_ahead,
    marks,
    row_statements,
    seals,
    source_statements,
    staged_text,
    statements,
)
from rongxin.records.errors import AlreadyEnded, AlreadyWithdrawn, UnknownRecord
from rongxin.records.rules import EQUAL, EndedWhy, Fate, Precedence
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.zone import BUSINESS_ZONE

CHINA = BUSINESS_ZONE
_FETCH = 20_000
_AT_ONCE = 10_000  # rows turned into COPY text at a time: the text of a chunk is as large as the chunk


@dataclass(frozen=True)
class Lot:
    """What all rows of one batch have in common.

    `is_state`: the item keeps one record a subject, whose versions are states in time (no record key).
    `precedence` ranks the item's sources; `decided_by` are the fields that name the deciding authority.
    """

    batch_id: UUID
    item: str
    item_version: int
    provider: str
    received_at: datetime
    is_state: bool
    precedence: Precedence = EQUAL
    decided_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A row that was not simply filed: which, why, and what stands against it.

    `held_on` is the day of the held fact; of a row that another source shares, the day it was received.
    """

    line: int
    fate: Fate
    other_line: int | None = None
    held_batch: UUID | None = None
    held_on: date | None = None
    held_provider: str | None = None
    ended_why: EndedWhy | None = None


@dataclass(frozen=True)
class Filed:
    """How many rows were stored, and of these how many took an older one's place or went to history."""

    stored: int
    superseded: int
    history: int
    found: int


@dataclass(frozen=True)
class Delisted:
    """Of the rows that a full list covers: how many ended because it doesn't name them, how many stay or were
    superseded by the list's own words. Likewise of the records that another source shares too, so that the
    provider's rows only stand by: how many the list leaves out, and how many it names.
    """

    ended: int
    live: int
    superseded: int = 0
    unlisted: int = 0
    standing_by: int = 0


@dataclass(frozen=True)
class Withdrawn:
    """How many rows stopped counting, and how many earlier ones count again."""

    ended: int
    reinstated: int


@dataclass(frozen=True)
class FullLists:
    """The full lists of an item that count: whose each is, when it was filed, and the day it is of.

    `by_key`: each speaks of the record keys in it only. A list says nothing of another provider's rows.
    """

    providers: tuple[str, ...] = ()
    ids: tuple[UUID, ...] = ()
    filed_at: tuple[datetime, ...] = ()
    listed_on: tuple[date, ...] = ()
    by_key: bool = False

    def parameters(self) -> dict[str, Any]:
        return {
            "lists_by": list(self.providers),
            "lists": list(self.ids),
            "lists_at": list(self.filed_at),
            "lists_on": list(self.listed_on),
            "lists_by_key": self.by_key,
        }


NO_LISTS = FullLists()


class Staging:
    """The rows of one batch on their way in; lives as long as the transaction it was opened in."""

    def __init__(self, lot: Lot, *, as_of: datetime, ahead: lake_ahead.LakeAhead | None = None) -> None:
        self.lot = lot
        self._ahead = ahead
        self._as_of = as_of
        self._parameters: dict[str, Any] = {
            "batch": lot.batch_id,
            "by": f"batch:{lot.batch_id}",
            "item": lot.item,
            "version": lot.item_version,
            "provider": lot.provider,
            "received_at": lot.received_at,
            "today": lot.received_at.astimezone(CHINA).date(),
            "as_of": as_of,
            "is_state": lot.is_state,
            "place": lot.precedence.place(lot.provider),
            **_places(lot.precedence),
            "decided_by": list(lot.decided_by),
        }

    def write(self, rows: pl.DataFrame, values: pl.DataFrame | None = None) -> None:
        """Copy rows in. Columns: `line`, `subject_id`, `record_key`, `observed_on` (a date or null, also as
        text), `digest` (of the payload, hexadecimal), `payload` and `source` (canonical JSON). `values` are
        the same rows, a column a field or source column: what is to be sealed is found there, and the fields
        are laid aside for the lake."""
        slices = _slices(rows, values)
        with (
            ThreadPoolExecutor(1, "filing") as pool,
            connection.cursor() as cursor,
            cursor.copy(statements.COPY) as copy,
        ):
            made = pool.submit(self._text_of, next(slices, None))
            while text := made.result():
                # The next text is made while PostgreSQL takes this one; there are never more than two.
                made = pool.submit(self._text_of, next(slices, None))
                copy.write(text)

    def _text_of(self, rows: tuple[pl.DataFrame, pl.DataFrame | None] | None) -> bytes:
        if rows is None:
            return b""
        closed = seals.close(rows[0], item=self.lot.item, batch_id=self.lot.batch_id, values=rows[1])
        if self._ahead is not None:
            self._ahead.add(closed, rows[1])
        return staged_text.of(closed.select(statements.STAGED))

    def file(self) -> Filed:
        """Settle every row against the others and the store, and file what may be filed."""
        run = _run
        run(statements.MORE_MEMORY)
        run(statements.ANALYZE)
        _lock("records.settling", self.lot.item)
        for statement in statements.SETTLE:
            run(statement, self._parameters)
        run(statements.CONNECT, self._parameters)
        superseded = run(statements.SUPERSEDE, self._parameters)
        found = run(statements.COUNT_FOUND, fetch=True)
        today = self._parameters["today"]
        self._parameters["beyond_line"] = (
            self._ahead.begin(found, provider=self.lot.provider, filed_on=today) if self._ahead else None
        )
        stored = run(statements.FILE if found else statements.FILE_ALL, self._parameters)
        history = run(statements.COUNT_HISTORY, fetch=True) if found else 0
        if found:
            run(statements.STAND_BY, self._parameters)
        run(marks.CARRY, self._parameters)
        return Filed(stored=stored, superseded=superseded, history=history, found=found)

    def delist(self, *, listed_on: date, by_key: bool, newer: Sequence[UUID]) -> Delisted:
        """End what the provider's full list of `listed_on` no longer names; call it once the list is filed.

        `by_key`: the list speaks of the record keys in it only. `newer`: batches that came after the list.
        """
        given = {**self._parameters, "listed_on": listed_on, "by_key": by_key, "newer": list(newer)}
        live = _run(statements.COUNT_LISTED, given, fetch=True)
        superseded = _run(statements.COUNT_OWN_SUPERSEDED, given, fetch=True)
        with connection.cursor() as cursor:
            cursor.execute(source_statements.COUNT_STANDING_BY, given)
            standing_by, unlisted = cursor.fetchone()
        ended = _run(statements.DELIST, given)
        _run(source_statements.UNLIST, given)
        return Delisted(ended, live - ended, superseded, unlisted, standing_by - unlisted)

    def first_filed(self) -> dict[date | None, int]:
        """Return how many rows were the first of their record, by the day of the fact; call it once filed."""
        with connection.cursor() as cursor:
            cursor.execute(statements.FIRST_FILED)
            return dict(cursor.fetchall())

    def findings(self) -> Iterator[Finding]:
        """Yield, in the order of lines, the rows that were not simply filed."""
        after = -1
        while True:
            with connection.cursor() as cursor:
                cursor.execute(statements.FINDINGS, [after, _FETCH])
                rows = cursor.fetchall()
            for line, fate, other, batch, on, provider, why in rows:
                ended = EndedWhy(why) if why else None
                yield Finding(line, Fate(fate), other, batch, on, provider, ended)
            if len(rows) < _FETCH:
                return
            after = rows[-1][0]


def queue(item: str) -> None:
    """Wait, inside the caller's transaction, for the batches of an item that are being filed."""
    _lock("records.filing", item)


def stage(lot: Lot, *, as_of: datetime, ahead: lake_ahead.LakeAhead | None = None) -> Staging:
    """Open the staging of a batch inside the caller's transaction; waits for an earlier batch of the item.

    The lake's file is made `ahead`, if somebody will take it up.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("filing needs the transaction of its whole batch")
    _lock("records.filing", lot.item)
    for statement in statements.STAGING:
        _run(statement)
    if ahead is not None:
        ahead.clear()  # of an attempt before this one
    return Staging(lot, as_of=as_of, ahead=ahead)


def facts_of(lot: Lot) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield subject and payload of the batch's live rows, for what a batch means beyond the store."""
    with connection.cursor() as cursor:
        cursor.execute(statements.FACTS_OF, [lot.batch_id, lot.item])
        while rows := cursor.fetchmany(_FETCH):
            for row in rows:
                yield row[0], seals.whole(*row)


def facts_taken_back(
    batch_id: UUID, item: str
) -> Iterator[tuple[int, dict[str, Any], dict[str, Any] | None]]:
    """Yield, of a withdrawn batch of an item with one record a subject: the subject, what the batch had said
    and what counts now.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements.FACTS_TAKEN_BACK, [batch_id, item])
        while rows := cursor.fetchmany(_FETCH):
            for row in rows:
                gone, held = row[:6], row[6:]
                yield gone[0], seals.whole(*gone), seals.whole(*held) if held[4] else None


def end(
    record_ids: Sequence[int],
    why: EndedWhy,
    *,
    subject_id: int,
    ended_by: str,
    actor: Actor,
    as_of: datetime,
) -> None:
    """End live rows of one subject for one reason; all of them or none.

    `ended_by` names the act it rests on, such as "objection:<id>". Raises `UnknownRecord`, `AlreadyEnded`.
    """
    wanted = set(record_ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.ITEMS_OF, [subject_id, list(wanted)])
        found: dict[int, str] = dict(cursor.fetchall())
        if missing := wanted - found.keys():
            raise UnknownRecord(subject_id, missing)
        for item in sorted(set(found.values())):
            _lock("records.settling", item)
        cursor.execute(statements.END, [as_of, why, ended_by, subject_id, list(wanted)])
        if already := wanted - {row[0] for row in cursor.fetchall()}:
            raise AlreadyEnded(already)
        for record_id, item in sorted(found.items()):
            refs: dict[str, str | int] = {
                "subject": subject_id,
                "record": record_id,
                "item": item,
                "why": str(why),
                "by": ended_by,
            }
            entries.append(Kind.RECORD_ENDED, actor=actor, refs=refs, as_of=as_of)


def reinstate(precedence: Precedence, lists: FullLists, *, as_of: datetime) -> int:
    """Let what stood before the records in `filing_ended` count again; return how many do."""
    return _run(statements.REINSTATE, {"as_of": as_of, **_places(precedence), **lists.parameters()})


def _places(precedence: Precedence) -> dict[str, Any]:
    return {"places": json.dumps(dict(precedence.places)), "others": precedence.others}


def withdraw_batch(
    batch_id: UUID,
    *,
    item: str,
    actor: Actor,
    as_of: datetime,
    relists: str | None = None,
    precedence: Precedence = EQUAL,
    lists: FullLists = NO_LISTS,
) -> Withdrawn:
    """End what still counts of a batch, and let what it had superseded count again, as new rows.

    `relists` names the provider whose full list this was: what it alone had ended counts again. What one of
    `lists` would have ended, had it been there, stays ended. Of what several sources say of one record,
    `precedence` tells which comes back.
    The journal entry of the withdrawal is the caller's, who knows the batch. Raises `AlreadyWithdrawn`.
    """
    parameters = {"batch": batch_id, "by": f"batch:{batch_id}", "actor": actor.id, "as_of": as_of}
    parameters |= lists.parameters()
    with transaction.atomic():
        _lock("records.filing", item)
        _lock("records.settling", item)
        if not _run(statements.WITHDRAW, parameters):
            raise AlreadyWithdrawn(batch_id)
        _run(statements.DROP_ENDED)
        _run(statements.CREATE_ENDED)
        ended = _run(statements.END_BATCH, parameters)
        _run(source_statements.STEP_ASIDE, {**parameters, **_places(precedence)})
        if relists is not None:
            for statement in statements.RELIST:
                _run(statement, {**parameters, "item": item, "provider": relists})
            _run(source_statements.RELIST, parameters)
        _run(row_statements.UNCORRECT, parameters)
        reinstated = reinstate(precedence, lists, as_of=as_of)
        marks.carry(item)
    return Withdrawn(ended=ended, reinstated=reinstated)


def settled_through(item: str) -> int:
    """Return an id up to which every row of the item is committed; waits for one that is being settled.

    Rows of an item get their ids (of a sequence that caches none) under its settling lock and keep it till
    they are committed, so whoever holds it sees all ids given so far.
    """
    with transaction.atomic():
        _lock("records.settling", item)
        return _run(
            "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM records_record_id_seq", fetch=True
        )


def _lock(room: str, item: str) -> None:
    """Take the lock of an item until the transaction ends.

    Two rooms: `records.filing` lets batches of an item queue for as long as one takes; `records.settling`
    is held only while rows are compared and written, so that a repair never waits for a whole file.
    """
    _run("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": f"{room}:{item}"})


def _run(statement: str, parameters: dict[str, Any] | None = None, *, fetch: bool = False) -> int:
    """Run one statement; return the rows it touched, or the number it selects."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        if fetch:
            (number,) = cursor.fetchone()
            return int(number)
        return int(cursor.rowcount)


def _slices(
    rows: pl.DataFrame, values: pl.DataFrame | None
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame | None]]:
    for at in range(0, rows.height, _AT_ONCE):
        yield rows.slice(at, _AT_ONCE), None if values is None else values.slice(at, _AT_ONCE)
