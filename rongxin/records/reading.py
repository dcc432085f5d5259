"""Read the facts of one subject. Only the gate may import this module (import contract `facts`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from rongxin.journal import plans
from rongxin.records import seals


@dataclass(frozen=True, slots=True)
class Row:
    """A fact as it counted at the time asked for; what the annex lacks (`source`) is not part of it."""

    id: int
    item: str
    item_version: int
    payload: dict[str, Any]
    provider: str
    batch_id: UUID
    line: int
    observed_on: date | None
    received_at: datetime


# The database gives them to a committed intent only, for its own subject and items, and once. The function is
# the gate's (migration disclosure 0002).
_OF = """
SELECT subject_id, id, item, item_version, payload, provider, batch_id, line, observed_on, received_at, sealed
FROM gate_read(%s, %s)
"""


def of(intent: UUID, items: Collection[str]) -> dict[str, list[Row]]:
    """Return the rows of the intent's subject that count now, newest first, for every item asked for
    (empty: none held). The intent must be committed, must name the items, and is used up.
    """
    found: dict[str, list[Row]] = {item: [] for item in items}
    if not found:
        return found
    for subject_id, *row, sealed in plans.rows(_OF, [intent, list(found)]):
        payload = seals.whole(subject_id, row[1], row[5], row[6], row[3], sealed)
        found[row[1]].append(Row(row[0], row[1], row[2], payload, *row[4:9]))
    return found


@dataclass(frozen=True, slots=True)
class Decided:
    """A row with what a query decided on its fields, in the order in which they were named."""

    intent: UUID
    row: Row
    decisions: list[str]


# The facts of many subjects, each by an intent of its own, in one statement: the gate's function is asked
# once an intent. What is decided on which row is the caller's SQL over `facts.payload` and `facts.kind`.
_FACTS = sql.SQL("""
WITH facts AS MATERIALIZED (
    SELECT asked.intent, asked.kind, given.subject_id, given.id, given.item, given.item_version,
           given.payload AS text, given.payload::jsonb AS payload, given.provider, given.batch_id, given.line,
           given.observed_on, given.received_at, given.sealed
    FROM unnest(%s::uuid[], %s::text[]) AS asked (intent, kind),
         LATERAL gate_read(asked.intent, %s::text[]) AS given
)
SELECT * FROM ({}) AS decided ORDER BY intent, item, observed_on DESC NULLS LAST, id DESC
""")
_OF_ITEM = sql.SQL("""
SELECT intent, subject_id, id, item, item_version, text, provider, batch_id, line, observed_on, received_at,
       sealed, ARRAY[{columns}]::text[] AS decisions
FROM facts WHERE item = {item} AND {shown}
""")
PAYLOAD, KIND = sql.SQL("facts.payload"), sql.SQL("facts.kind")


def of_set(
    kinds: Mapping[UUID, str], decided: Mapping[str, tuple[Sequence[sql.Composable], sql.Composable]]
) -> Iterator[Decided]:
    """Yield the rows that count now of each intent's subject, by intent, as `of` gives one's, with decisions.

    `kinds` gives each intent the kind of its subject; `decided` gives each item its columns of decisions and
    the condition under which a row may be shown. The intents are used up.
    """
    if not kinds or not decided:
        return
    branches = [
        _OF_ITEM.format(columns=sql.SQL(", ").join(columns), item=sql.Literal(item), shown=shown)
        for item, (columns, shown) in sorted(decided.items())
    ]
    query = _FACTS.format(sql.SQL(" UNION ALL ").join(branches))
    with connection.cursor() as cursor:
        cursor.execute(
            query.as_string(connection.connection), [list(kinds), list(kinds.values()), sorted(decided)]
        )
        for intent, subject_id, *row, sealed, decisions in cursor.fetchall():
            payload = seals.whole(subject_id, row[1], row[5], row[6], row[3], sealed)
            yield Decided(intent, Row(row[0], row[1], row[2], payload, *row[4:9]), decisions)


def connected_items() -> frozenset[str]:
    """Return the items of which at least one batch was filed: "no record" may be said of these only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT item FROM records_source")
        return frozenset(item for (item,) in cursor.fetchall())
