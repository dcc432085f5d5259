"""The dated numbers of products and applications (`financing/parameters`)."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from rongxin.financing.errors import FinancingError
from rongxin.vocabulary import edition
from rongxin.vocabulary.edition import Edition

_PARAMETERS = Path(__file__).parent / "parameters"


class InvalidParameters(FinancingError):
    """A file of numbers of financing can't be used as it stands."""

    code = "invalid_financing_parameters"


class Limits(Edition):
    """What holds for products and applications from a day on; days of clocks are working days."""

    first_answer_days_max: int = Field(ge=1)
    warn_days_before: int = Field(ge=0)
    institutions_max: int = Field(ge=1)
    open_max: int = Field(ge=1)
    words_max: int = Field(ge=1)
    papers_asked_max: int = Field(ge=1)
    files_max: int = Field(ge=0)
    file_bytes_max: int = Field(ge=1)
    draft_days: int = Field(ge=1)


def in_force(on: date) -> Limits:
    """Return the numbers in force on a day; before the first edition, the first."""
    return edition.in_force(_editions(), on)


@cache
def _editions() -> tuple[Limits, ...]:
    return edition.read(_PARAMETERS, "applications_*.yaml", Limits, broken=InvalidParameters)
