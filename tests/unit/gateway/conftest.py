from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway.stage import FIRM, Office

TAX = {"sql": "SELECT n AS name, code AS uscc, vat AS vat_paid_cny_12m, day FROM t WHERE code = :uscc"} | {
    "columns": {"last_normal_tax_payment_on": "day"}
}


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    opened: list[Office] = []

    def make(provider: str, **config: Any) -> Office:
        opened.append(Office(tmp_path, provider, config))
        return opened[-1]

    yield make
    for office in opened:
        office.close()


@pytest.fixture
def tax(open_office: Callable[..., Office]) -> Office:
    office = open_office("tax_bureau")
    rows = [
        (FIRM.name, FIRM.uscc, 712400, "20260221"),
        ("云州第二公司", "91990100MA00000451", 1, "20260221"),
    ]
    office.holds("t(n TEXT, code TEXT, vat NUMERIC, day TEXT)", *rows)
    office.writes("tax_payment", TAX)
    return office
