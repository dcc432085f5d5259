"""One row of a batch: find it, end it, or take it back so that what stood before it stands again ((五)(九)).

A provider names a row by its batch and the line of its file. Whatever came after the row is not undone: a row
that a later batch has replaced is over, and it is the later one that can be corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from rongxin.records import filing, row_statements, seals, statements
from rongxin.records.errors import RowOver, RowUnknown
from rongxin.records.rules import EQUAL, EndedWhy, Precedence
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Standing:
    """The live row that came from a line of a batch; payload and source as they were handed in."""

    id: int
    subject_id: int
    item: str
    digest: bytes
    payload: dict[str, Any]
    source: dict[str, Any]


def standing(batch_id: UUID, line: int, *, item: str) -> Standing:
    """Return the row, held against batches of its item till the transaction ends; raises `RowUnknown`,
    `RowOver`.
    """
    filing.queue(item)
    with connection.cursor() as cursor:
        cursor.execute(row_statements.ROW_OF, [batch_id, line, item])
        row = cursor.fetchone()
    if row is None:
        raise RowUnknown(batch_id, line)
    *place, digest, why, by = row[1:]
    if why is not None:
        raise RowOver(batch_id, line, EndedWhy(why).label, by)
    payload, source = seals.both(*place)
    return Standing(row[0], row[1], item, bytes(digest), payload, source)


def live(batches: Sequence[UUID], *, item: str) -> list[tuple[UUID, int, int, int]]:
    """Return batch, line, number and subject of the rows of batches that count, by subject; held like
    `standing`'s.
    """
    filing.queue(item)
    with connection.cursor() as cursor:
        cursor.execute(row_statements.LIVE_OF, [list(batches), item])
        return list(cursor.fetchall())


def tally(batches: Sequence[UUID], *, item: str) -> tuple[int, set[int]]:
    """Return how many rows of batches count, and whose they are."""
    return _tally(row_statements.TALLY_OF, [list(batches), item])


def tally_behind(record_id: int, *, item: str) -> tuple[int, set[int]]:
    """Return how many rows of an item with later numbers count, and whose they are; it reads them all."""
    return _tally(row_statements.TALLY_BEHIND, [record_id, item])


def end(row: Standing, why: EndedWhy, *, ended_by: str, actor: Actor, as_of: datetime) -> None:
    """End the row; raises `AlreadyEnded` where a repair or correction by right came first."""
    filing.end([row.id], why, subject_id=row.subject_id, ended_by=ended_by, actor=actor, as_of=as_of)


def withdraw(
    row: Standing,
    *,
    lists: filing.FullLists,
    ended_by: str,
    actor: Actor,
    as_of: datetime,
    precedence: Precedence = EQUAL,
) -> int:
    """End the row as if it had never come; return how many earlier rows count again (one or none)."""
    return take_back(
        row.id,
        EndedWhy.WITHDRAWN,
        subject_id=row.subject_id,
        lists=lists,
        ended_by=ended_by,
        actor=actor,
        as_of=as_of,
        precedence=precedence,
    )


def take_back(
    record_id: int,
    why: EndedWhy,
    *,
    subject_id: int,
    lists: filing.FullLists,
    ended_by: str,
    actor: Actor,
    as_of: datetime,
    precedence: Precedence = EQUAL,
) -> int:
    """End a live row and let what stood before it count again; return how many do (one or none)."""
    with transaction.atomic(), connection.cursor() as cursor:
        filing.end([record_id], why, subject_id=subject_id, ended_by=ended_by, actor=actor, as_of=as_of)
        cursor.execute(statements.DROP_ENDED)
        cursor.execute(statements.CREATE_ENDED)
        cursor.execute(row_statements.NAME_ENDED, {"subject": subject_id, "record": record_id})
        return filing.reinstate(precedence, lists, as_of=as_of)


def _tally(statement: str, given: Sequence[Any]) -> tuple[int, set[int]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        count, subjects = cursor.fetchone()
    return int(count), set(subjects)
