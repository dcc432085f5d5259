"""When counts of outcomes may be told: enough cases of enough institutions, rounded; dated parameters."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from rongxin.financing.errors import FinancingError
from rongxin.vocabulary import edition
from rongxin.vocabulary.edition import Edition

_PARAMETERS = Path(__file__).parent / "parameters"


class Limits(Edition):
    """Below these, a count could point at a firm or at one institution's business."""

    cases_min: int = Field(ge=2)
    institutions_min: int = Field(ge=2)
    round_to: int = Field(ge=2)


def limits(on: date) -> Limits:
    """Return the limits of a day."""
    return edition.in_force(_editions(), on)


@cache
def _editions() -> tuple[Limits, ...]:
    return edition.read(_PARAMETERS, "aggregates_*.yaml", Limits, broken=FinancingError)
