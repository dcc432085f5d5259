"""The dated numbers of objections, repairs and correction notices (`rights/parameters`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from rongxin.rights.errors import RightsError
from rongxin.rights.rules.objection import Route
from rongxin.rights.rules.repair import Material, Severity
from rongxin.vocabulary import edition as dated

DIRECTORY = Path(__file__).parent / "parameters"


class Way(BaseModel):
    """How an objection about one item goes, where it differs from the rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    route: Route | None = None
    clock_days: int | None = Field(None, ge=1)
    law: str


class Objections(dated.Edition):
    """What holds for objections from a day on."""

    clock_days: int = Field(ge=1)
    warn_days_before: tuple[int, ...]
    open_max: int = Field(ge=1)
    statement_characters_max: int = Field(ge=1)
    reason_characters_max: int = Field(ge=1)
    files_max: int = Field(ge=0)
    file_bytes_max: int = Field(ge=1)
    route: Route
    law: str
    items: Mapping[str, Way]

    @field_validator("warn_days_before")
    @classmethod
    def _falls(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days), reverse=True) or any(day < 0 for day in days):
            raise ValueError("warn_days_before: name days before the last one, falling, each once")
        return days

    def way(self, item: str) -> tuple[Route, int, str]:
        """Return by which route, with what clock and by which law an item's objections go."""
        own = self.items.get(item)
        if own is None:
            return self.route, self.clock_days, self.law
        return own.route or self.route, own.clock_days or self.clock_days, own.law


class Corrections(dated.Edition):
    """What holds for correction notices from a day on."""

    acknowledgement_days: int = Field(ge=1)
    note_characters_max: int = Field(ge=1)


class Months(BaseModel):
    """How long entries of one class are published, at least and at most."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    months_min: int = Field(ge=0)
    months_max: int = Field(ge=1)

    @model_validator(mode="after")
    def _spans(self) -> Months:
        if self.months_min > self.months_max:
            raise ValueError("months_min lies beyond months_max")
        return self


class Repairs(dated.Edition):
    """What holds for credit repair from a day on."""

    severities: Mapping[Severity, Months]
    materials: tuple[Material, ...]
    files_max: int = Field(ge=1)
    file_bytes_max: int = Field(ge=1)
    statement_characters_max: int = Field(ge=1)
    silent_days: int = Field(ge=1)
    items: tuple[str, ...]
    elsewhere: Mapping[str, str]

    @field_validator("severities")
    @classmethod
    def _names_all(cls, given: Mapping[Severity, Months]) -> Mapping[Severity, Months]:
        if set(given) != set(Severity):
            raise ValueError(f"severities: name all of {', '.join(Severity)}")
        return given


@cache
def repair_editions() -> tuple[Repairs, ...]:
    """Return every edition, the oldest first; RightsError names the file and key of a faulty one."""
    return dated.read(DIRECTORY, "repairs_*.yaml", Repairs, broken=RightsError)


def repairs_on(day: date) -> Repairs:
    """Return the edition in force on a day; before the first one, the first."""
    return dated.in_force(repair_editions(), day)


class Holds(dated.Edition):
    """What holds for keeping a use back from a day on."""

    days_max: int = Field(ge=1)


@cache
def hold_editions() -> tuple[Holds, ...]:
    """Return every edition, the oldest first; RightsError names the file and key of a faulty one."""
    return dated.read(DIRECTORY, "holds_*.yaml", Holds, broken=RightsError)


def holds_on(day: date) -> Holds:
    """Return the edition in force on a day; before the first one, the first."""
    return dated.in_force(hold_editions(), day)


@cache
def correction_editions() -> tuple[Corrections, ...]:
    """Return every edition, the oldest first; RightsError names the file and key of a faulty one."""
    return dated.read(DIRECTORY, "corrections_*.yaml", Corrections, broken=RightsError)


def corrections_on(day: date) -> Corrections:
    """Return the edition in force on a day; before the first one, the first."""
    return dated.in_force(correction_editions(), day)


@cache
def objection_editions() -> tuple[Objections, ...]:
    """Return every edition, the oldest first; RightsError names the file and key of a faulty one."""
    return dated.read(DIRECTORY, "objections_*.yaml", Objections, broken=RightsError)


def objections_on(day: date) -> Objections:
    """Return the edition in force on a day; before the first one, the first."""
    return dated.in_force(objection_editions(), day)
