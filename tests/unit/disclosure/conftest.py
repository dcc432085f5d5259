from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rongxin.sharing import calls
from tests.unit.disclosure import gateway_stage


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[gateway_stage.Scene]:
    monkeypatch.setattr(calls, "_ways", {})
    with gateway_stage.opened(tmp_path) as made:
        yield made
