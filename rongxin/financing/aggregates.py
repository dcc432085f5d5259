"""When counts of outcomes may be told: enough cases of enough institutions, rounded; dated parameters."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from rongxin.vocabulary import edition as editions

_PARAMETERS = Path(__file__).parent / "parameters"


class Limits(BaseModel):
    """Below these, a count could point at a firm or at one institution's business."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    edition: str
    citation: str
    effective_from: date
    cases_min: int = Field(ge=2)
    institutions_min: int = Field(ge=2)
    round_to: int = Field(ge=2)


def limits(on: date) -> Limits:
    """Return the limits of a day."""
    return editions.in_force(_editions(), on)


@cache
def _editions() -> tuple[Limits, ...]:
    files = sorted(_PARAMETERS.glob("aggregates_*.yaml"))
    return tuple(Limits.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files)
