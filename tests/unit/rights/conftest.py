from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.unit.rights import stage


@pytest.fixture
def scene(tmp_path: Path, settings: Settings, transactional_db: None) -> stage.Scene:
    settings.RONGXIN_VAR = tmp_path / "var"
    return stage.opened(tmp_path)
