"""The dated numbers of several signers (`consent/parameters`)."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from rongxin.consent.errors import ConsentError
from rongxin.vocabulary import edition as dated

DIRECTORY = Path(__file__).parents[1] / "parameters"


class Policy(dated.Edition):
    """What holds from a day on."""

    people_max: int = Field(ge=2)
    matter_days: int = Field(ge=1)
    agreement_days: int = Field(ge=1)
    loosening_wait_days: int = Field(ge=1)


@cache
def editions() -> tuple[Policy, ...]:
    """Return every edition, the oldest first; ConsentError names the file and key of a faulty one."""
    return dated.read(DIRECTORY, "signing_*.yaml", Policy, broken=ConsentError)


def on(day: date) -> Policy:
    """Return the edition in force on a day; before the first one, the first."""
    return dated.in_force(editions(), day)
