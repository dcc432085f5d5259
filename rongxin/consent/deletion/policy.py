"""The dated numbers of deletion and the closed list of laws that allow keeping (`consent/parameters`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from rongxin.consent.deletion import rules
from rongxin.consent.errors import ConsentError
from rongxin.vocabulary import edition as dated

DIRECTORY = Path(__file__).parents[1] / "parameters"


class Law(BaseModel):
    """A law or administrative regulation that says how long something is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    article: str
    concerns: str

    @property
    def name(self) -> str:
        return f"《{self.label}》{self.article}"


class Policy(dated.Edition):
    """What holds from a day on."""

    receipt_days: int = Field(ge=1)
    statement_hours_max: int = Field(ge=1)
    restricted_years_max: int = Field(ge=1)
    laws: Mapping[str, Law]

    @property
    def limits(self) -> rules.Limits:
        return rules.Limits(self.statement_hours_max, self.restricted_years_max, frozenset(self.laws))


@cache
def editions() -> tuple[Policy, ...]:
    """Return every edition, the oldest first; ConsentError names the file and key of a faulty one."""
    return dated.read(DIRECTORY, "deletion_*.yaml", Policy, broken=ConsentError)


def on(day: date) -> Policy:
    """Return the edition in force on a day; before the first one, the first."""
    return dated.in_force(editions(), day)


def law_name(code: str) -> str:
    """Return a law in words, of whatever edition named it last; the code where none does."""
    for edition in reversed(editions()):
        if code in edition.laws:
            return edition.laws[code].name
    return code
