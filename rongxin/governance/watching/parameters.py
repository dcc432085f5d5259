"""The dated numbers of the watch, read and checked once."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rongxin.governance.errors import GovernanceError
from rongxin.governance.watching.rules import Parameters

PARAMETERS = Path(__file__).parent.parent / "parameters"


class InvalidParameters(GovernanceError):
    """A file of the watch's numbers can't be used as it stands."""

    code = "invalid_watching_parameters"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    edition: str
    citation: str
    effective_from: date
    person_refusals: int = Field(ge=1)
    new_subject_refusals: int = Field(ge=1)
    consent_failures_percent: int = Field(ge=0, le=100)
    consent_failures_of: int = Field(ge=1)
    unknown_subjects: int = Field(ge=1)
    off_hours_percent: int = Field(ge=0, le=100)
    off_hours_of: int = Field(ge=1)
    no_case_percent: int = Field(ge=0, le=100)
    no_case_of: int = Field(ge=1)
    after_the_end: int = Field(ge=1)
    window_days: int = Field(ge=1)
    statement_days: int = Field(ge=1)
    decision_days: int = Field(ge=1)


def in_force(on: date) -> Parameters:
    """Return the numbers in force on a day."""
    found = [numbers for since, numbers in _editions() if since <= on]
    if not found:
        raise InvalidParameters(f"nothing is in force on {on}; add a file to governance/parameters/")
    return found[-1]


def load(path: Path) -> tuple[date, Parameters]:
    """Read one edition with the day it holds from; raises `InvalidParameters`."""
    try:
        file = _File.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeError, yaml.YAMLError, ValidationError) as error:
        raise InvalidParameters(f"{path}: {error}") from error
    return file.effective_from, Parameters(**file.model_dump(exclude={"citation", "effective_from"}))


@cache
def _editions() -> tuple[tuple[date, Parameters], ...]:
    return tuple(sorted(map(load, PARAMETERS.glob("watching_*.yaml")), key=lambda one: one[0]))
