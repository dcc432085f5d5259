"""A firm with a fine on file, and its bank with a consent: what web and worker must and must not get at."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.unit.consent import stage
from tests.unit.records.conftest import Bureau, Row

PENALTY = "administrative_penalty"


@dataclass(frozen=True)
class Scene:
    firm: stage.Firm
    bureau: Bureau


@pytest.fixture
def scene(db: None) -> Scene:
    firm, bureau = stage.firm(), Bureau()
    bureau.day = stage.NOW
    bureau.files(Row(2, firm.id, "一号", {"fine_cny": "10.00"}))
    return Scene(firm, bureau)
