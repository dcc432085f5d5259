"""What one odd row costs the others of its file: nothing is asked once for each of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction

from rongxin.records import filing, statements
from rongxin.records.rules import Precedence

from .conftest import Bureau, Row

pytestmark = pytest.mark.django_db
ROWS, SOURCES, MARCH = 300, Precedence({"nation": 0}, others=1), date(2026, 3, 1)


def rows(firm: int, fine: str, *, first: int = 0) -> list[Row]:
    return [Row(n + 2, firm, f"{n}号", {"fine": fine}, MARCH) for n in range(first, first + ROWS)]


def subqueries(plan: dict[str, Any]) -> Iterator[int]:
    """How often each part of a plan ran that is asked once for each row of another part."""
    if plan.get("Parent Relationship") == "SubPlan":
        yield plan["Actual Loops"]
    for part in plan.get("Plans", ()):
        yield from subqueries(part)


def test_what_stands_by_is_looked_for_of_known_rows_only(
    bureau: Bureau, subject: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, looked = subject(), []
    bureau.files(*rows(firm, "10.00"), provider="nation", precedence=SOURCES)

    def looking(statement: str, parameters: Any = None, *, fetch: bool = False) -> int:
        if statement is statements.STAND_BY:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
                (found,) = cursor.fetchone()
                looked.extend(subqueries((json.loads(found) if isinstance(found, str) else found)[0]["Plan"]))
                transaction.set_rollback(True)
        return run(statement, parameters, fetch=fetch)

    run = filing._run
    monkeypatch.setattr(filing, "_run", looking)
    others = rows(firm, "12.00", first=ROWS - 2)  # the first two the nation shares already
    bureau.files(*others, provider="city", precedence=SOURCES)
    assert looked
    assert max(looked) <= 2
