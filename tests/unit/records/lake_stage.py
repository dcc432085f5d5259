"""What the tests of the lake share: rows of a real item, and the table's own account of what is live."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import polars as pl
from django.db import connection, transaction

from rongxin.catalogue import loader
from rongxin.catalogue.field_type import Column
from rongxin.records import filing, lake, lake_ahead, lake_keeping

from .conftest import SCHEMA, Bureau, Row

ITEM = "administrative_penalty"
# The test's own list, from the annex: what of the item may not lie in the lake.
KEPT_OUT = {"legal_representative", "legal_representative_id_number"}
NUMBER = "110101199003070038"  # invented, with a check digit that fits
Facts = dict[int, tuple[Any, ...]]


def payload(fine: str, facts: str = "虚构") -> dict[str, Any]:
    return {
        "name": "云州商贸有限公司",
        "legal_representative": "张建国",
        "legal_representative_id_number": NUMBER,
        "violation_facts": facts,
        "fine_cny": fine,
        "decided_on": "2026-03-01",
    }


def open_payload(fine: str, hidden: str = "") -> dict[str, Any]:
    """A row of which nothing is sealed, or, with `hidden`, one in whose words a number stands."""
    facts = f"虚构，联系电话13800138000{hidden}" if hidden else "虚构"
    return {k: v for k, v in payload(fine, facts).items() if k != "legal_representative_id_number"}


def files_with_lake_file(
    bureau: Bureau, *rows: Row, between: Callable[[UUID], object] = lambda _: None
) -> UUID:
    """File a batch as intake does, its lake file made meanwhile; `between` happens before it is listed."""
    bureau.day += timedelta(days=1)
    lot = filing.Lot(uuid4(), ITEM, 1, "bureau", bureau.day, False)
    with lake_ahead.of(ITEM, lot.batch_id) as ahead:
        with transaction.atomic():
            staging = filing.stage(lot, as_of=bureau.day, ahead=ahead)
            staging.write(
                pl.DataFrame(list(rows), schema=SCHEMA),
                pl.DataFrame([json.loads(row["payload"]) for row in rows]),
            )
            staging.file()
        between(lot.batch_id)
        lake_keeping.take_up(ahead, as_of=bureau.day)
    return lot.batch_id


def held() -> Facts:
    """Read the live rows from the table, typed by this test and not by the lake."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, subject_id, observed_on, provider, payload::text FROM records_record"
            " WHERE item = %s AND ended_at IS NULL",
            [ITEM],
        )
        return {row[0]: (*row[1:4], *typed(json.loads(row[4]))) for row in cursor.fetchall()}


def typed(row: dict[str, Any]) -> list[Any]:
    return [_typed(name, row.get(name)) for name in names()]


def names() -> list[str]:
    return [f.name for f in loader.load().item(ITEM).fields if f.name not in KEPT_OUT]


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    column = loader.load().item(ITEM).field(name).field_type.column
    if column is Column.DECIMAL:
        return _plain(Decimal(value))
    return date.fromisoformat(value) if column is Column.DATE else value


def laid_down() -> Facts:
    """Read the rows as a room that computes over sets does."""
    columns = ", ".join(f'"{name}"' for name in ["_id", "_subject", "_observed_on", "_provider", *names()])
    with lake.opened(ITEM) as duck:
        rows = duck.execute(f'SELECT {columns} FROM "{ITEM}"').fetchall()
    found = {row[0]: tuple(map(_plain, row[1:])) for row in rows}
    assert len(found) == len(rows), "a row stands twice"
    return found


def _plain(value: Any) -> Any:
    """Write 1.000000 as 1: equal numbers get an equal digest."""
    return value.normalize() if isinstance(value, Decimal) else value
