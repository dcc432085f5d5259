"""For how long a business licence that was shown once stands behind later signatures (附件 注3)."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from rongxin.parties.errors import PartiesError
from rongxin.vocabulary import edition


class InvalidRepresentationLimits(PartiesError):
    """The file of limits is faulty; correct the key that is named."""

    code = "invalid_representation_limits"


class Limits(edition.Edition):
    """One edition of the parameters."""

    vouched_days: int = Field(ge=1)


@cache
def _editions() -> tuple[Limits, ...]:
    folder = Path(__file__).parent / "parameters"
    return edition.read(folder, "representation_*.yaml", Limits, broken=InvalidRepresentationLimits)


def in_force(on: date) -> Limits:
    """Return the edition of a day."""
    return edition.in_force(_editions(), on)
