"""The dated numbers of the watch, read and checked once."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from rongxin.governance.errors import GovernanceError
from rongxin.governance.watching.rules import Parameters
from rongxin.vocabulary import edition

PARAMETERS = Path(__file__).parent.parent / "parameters"


class InvalidParameters(GovernanceError):
    """A file of the watch's numbers can't be used as it stands."""

    code = "invalid_watching_parameters"


def in_force(on: date) -> Parameters:
    """Return the numbers in force on a day; before the first edition, the first."""
    return edition.in_force(_editions(), on)


@cache
def _editions() -> tuple[Parameters, ...]:
    return edition.read(PARAMETERS, "watching_*.yaml", Parameters, broken=InvalidParameters)
