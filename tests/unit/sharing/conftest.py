"""A node with its providers, a working directory of its own, and departments' files made by hand."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.sharing.aggregation import batches
from rongxin.sharing.aggregation.receipts import Receipt
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

NOW = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
PROVIDER = "development_reform_commission"
CLERK = Actor(ActorKind.ACCOUNT, "clerk", f"provider:{PROVIDER}")
HONOUR = ("企业名称", "统一社会信用代码", "荣誉名称", "授予日期", "授予机关")


def code(number: int) -> str:
    """Return a valid code of a firm of the invented city."""
    body = f"MA{number:06d}"
    return uscc.compose("91", "990100", body)


@pytest.fixture(autouse=True)
def node(tmp_path: Path, settings: Settings, request: pytest.FixtureRequest) -> None:
    settings.RONGXIN_VAR = tmp_path / "var"
    if "django_db" in request.keywords:
        request.getfixturevalue("transactional_db" if _real(request) else "db")
        seed.seed(loader.load(), actor=SYSTEM, as_of=NOW)


def _real(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))


class Bureau:
    """Writes files and hands them in, one a day."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files = 0
        self.today = NOW

    def writes(self, header: Sequence[str], rows: Sequence[Sequence[object]], name: str = "file.csv") -> Path:
        self._files += 1
        path = self._directory / f"{self._files}-{name}"
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    def submits(self, path: Path, item: str, provider: str = PROVIDER, **options: Any) -> Receipt:
        self.today += timedelta(days=1)
        given: Mapping[str, Any] = {"actor": CLERK, "as_of": self.today, **options}
        return batches.submit(path, item=item, provider=provider, **given)


@pytest.fixture
def bureau(tmp_path: Path) -> Bureau:
    return Bureau(tmp_path)


@pytest.fixture
def penalties(bureau: Bureau) -> Callable[..., Path]:
    """Write a file of penalties: one row per (firm number, document number, fine)."""
    header = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期", "说明")

    def written(*rows: tuple[int | str, str, str], name: str = "penalties.csv") -> Path:
        lines = [
            (
                f"云州第{firm}商贸有限公司",
                code(firm) if isinstance(firm, int) else firm,
                number,
                fine,
                "2026-03-01",
                "虚构",
            )
            for firm, number, fine in rows
        ]
        return bureau.writes(header, lines, name)

    return written
