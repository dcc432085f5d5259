from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rongxin.evaluation import loading
from rongxin.vocabulary.actor import Actor
from tests.unit.consent import stage as people
from tests.unit.evaluation.stage import City

from .stage import another_version, weight


@pytest.fixture
def city(transactional_db: None, tmp_path: Path, settings: Any) -> City:
    settings.RONGXIN_VAR = tmp_path / "var"
    return City()


@pytest.fixture
def staff(city: City) -> list[Actor]:
    return people.operators(2)


@pytest.fixture
def challenger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A version in which a penalty costs less; its card's file."""
    card = another_version(tmp_path / "versions", weight("A04", 80))
    monkeypatch.setattr(loading, "PARAMETERS", tmp_path / "versions" / "parameters")
    return card
