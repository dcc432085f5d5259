from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .stage import City


@pytest.fixture
def city(transactional_db: None, tmp_path: Path, settings: Any) -> City:
    settings.RONGXIN_VAR = tmp_path
    return City()
