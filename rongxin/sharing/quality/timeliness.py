"""The dated figures behind 时效性: how soon a row has to come in, and which days are working days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from rongxin.sharing.errors import SharingError
from rongxin.sharing.quality.rules import Calendar
from rongxin.sharing.rules import PARAMETERS
from rongxin.vocabulary import edition as dated


class Rule(BaseModel):
    """Within how many working days after the day of the fact a row of an item comes in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    working_days: int = Field(ge=1, le=30)


class Edition(dated.Edition):
    """The rules in force from a day on."""

    rules: Mapping[str, Rule]


class Year(BaseModel):
    """The days of one year that are not what the day of the week says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    edition: str
    citation: str
    first: date = Field(alias="from")
    until: date
    complete: bool
    holidays: tuple[date, ...]
    made_up: tuple[date, ...]


@cache
def editions() -> tuple[Edition, ...]:
    """Return every edition of the rules on file."""
    return dated.read(PARAMETERS, "timeliness_*.yaml", Edition, broken=SharingError)


def edition(on: date) -> Edition:
    """Return the rules of a day; before the first edition, the first."""
    return dated.in_force(editions(), on)


def rule_for(item: str, on: date) -> Rule | None:
    """Return the rule for an item's rows received on a day; None where none is set."""
    return edition(on).rules.get(item)


@cache
def years() -> tuple[Year, ...]:
    """Return the years on file."""
    return dated.read(PARAMETERS, "working_days_*.yaml", Year, broken=SharingError)


@cache
def calendar() -> Calendar:
    """Return the working-day calendar of all years on file."""
    return Calendar(
        holidays=frozenset(day for year in years() for day in year.holidays),
        made_up=frozenset(day for year in years() for day in year.made_up),
        complete=tuple((year.first, year.until) for year in years() if year.complete),
    )


def holidays_cited(on: date) -> str:
    """Return from what notice the holidays of a day's year were entered; "" where that year isn't on file."""
    return next((year.citation for year in years() if year.first <= on <= year.until), "")
