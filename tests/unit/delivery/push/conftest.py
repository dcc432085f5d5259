"""Every test of pushes has a place of its own for files."""

from __future__ import annotations

import pytest

from tests.unit.consent import stage as people
from tests.unit.delivery.push import stage
from tests.unit.records.conftest import Bureau


@pytest.fixture(autouse=True)
def own_var(settings, tmp_path):
    settings.RONGXIN_VAR = tmp_path / "var"


@pytest.fixture
def scene():
    """A bank, two firms with a penalty each, and the bureau that files more."""
    people.bank()
    firm, other = people.firm(), people.firm("云州白鹭商贸有限公司")
    bureau = Bureau()
    stage.fine(bureau, firm)
    stage.fine(bureau, other, amount="7.00")
    return firm, other, bureau
