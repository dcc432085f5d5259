from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rongxin.sharing import calls, gateways
from tests.unit.sharing.bulk import stage
from tests.unit.sharing.bulk.stage import PROVIDER, Town


@pytest.fixture
def open_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Town]]:
    monkeypatch.setattr(calls, "_ways", {})
    opened: list[Town] = []

    def make(firms: int = 3, **config: Any) -> Town:
        opened.append(stage.town(tmp_path / "office", range(1, firms + 1), **config))
        return opened[-1]

    yield make
    gateways.disconnect(PROVIDER)
    for town in opened:
        town.office.close()


@pytest.fixture
def town(open_town: Callable[..., Town]) -> Town:
    return open_town()
