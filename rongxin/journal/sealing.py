"""Rotating the data keys, and sealing anew what older ones sealed; both stand in the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.proof import data_keys
from rongxin.vocabulary.actor import Actor

_AT_ONCE = 2_000
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed texts: `key` orders its rows, `first` sorts before all, `place` names one row."""

    table: str
    column: str
    key: tuple[str, ...]
    first: tuple[str | int, ...]
    place: Callable[[tuple[Any, ...]], Place]
    beside: tuple[str, ...] = ()


def rotate(*, actor: Actor, as_of: datetime) -> int:
    """Make the next data key; what is written from now on is sealed under it. Returns its version."""
    # The key first: one that nothing is sealed under yet does no harm if the entry can't be written.
    version = data_keys.rotate(keyring.directory_of_keys())
    with transaction.atomic():
        entries.append(Kind.DATA_KEY_ROTATED, actor=actor, refs={"version": version}, as_of=as_of)
    return version


def renew(
    column: SealedColumn,
    *,
    actor: Actor,
    as_of: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Seal the texts of a column anew under the newest key; stopped, the next run takes up the rest."""
    keys = keyring.data_keys()
    head, key_width = keys.head(keys.current), len(column.key)
    count, select, update = _statements(column)
    with connection.cursor() as cursor:
        cursor.execute(count, [head])
        total = int(cursor.fetchone()[0])
    done, after = 0, column.first
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(select, [head, *after, _AT_ONCE])
            rows = cursor.fetchall()
            for row in rows:
                place, old = column.place(row[:-1]), bytes(row[-1])
                cursor.execute(
                    update, [keys.seal(keys.open(old, place=place), place=place), *row[:key_width], old]
                )
            if not rows:
                break
            done, after = done + len(rows), rows[-1][:key_width]
        if progress is not None:
            progress(done, total)
    if done:
        refs: dict[str, str | int] = {"table": column.table, "version": keys.current, "texts": done}
        with transaction.atomic():
            entries.append(Kind.DATA_REENCRYPTED, actor=actor, refs=refs, as_of=as_of)
    return done


def _statements(column: SealedColumn) -> tuple[sql.Composed, sql.Composed, sql.Composed]:
    """Count what is old, take the next of it, and replace one unless somebody else did meanwhile."""
    table, name = sql.Identifier(column.table), sql.Identifier(column.column)
    key = sql.SQL(", ").join(map(sql.Identifier, column.key))
    wanted = sql.SQL(", ").join(map(sql.Identifier, (*column.key, *column.beside, column.column)))
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(column.key))
    old = sql.SQL("{} IS NOT NULL AND substring({} FROM 1 FOR 8) <> %s").format(name, name)
    return (
        sql.SQL("SELECT count(*) FROM {} WHERE {}").format(table, old),
        sql.SQL("SELECT {} FROM {} WHERE {} AND ({}) > ({}) ORDER BY {} LIMIT %s").format(
            wanted, table, old, key, marks, key
        ),
        sql.SQL("UPDATE {} SET {} = %s WHERE ({}) = ({}) AND {} = %s").format(table, name, key, marks, name),
    )
