"""The dated questionnaires of the security assessment, read and checked once."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rongxin.governance.errors import GovernanceError
from rongxin.governance.onboarding.rules import Question, Questionnaire

PARAMETERS = Path(__file__).parent.parent / "parameters"


class InvalidQuestionnaire(GovernanceError):
    """A file of the assessment can't be used as it stands."""

    code = "invalid_questionnaire"


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    text: str
    text_en: str
    citation: str = Field(min_length=1)
    weight: int = Field(ge=1)
    must: bool


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    edition: str
    citation: str = Field(min_length=1)
    effective_from: date
    pass_percent: int = Field(ge=1, le=100)
    valid_days: int = Field(ge=1, le=366)  # yearly at the latest
    remind_days: int = Field(ge=1)
    waiting_of_one: int = Field(ge=1)
    waiting_in_all: int = Field(ge=1)
    documents: dict[str, str] = Field(min_length=1)
    questions: list[_Question] = Field(min_length=1)


def in_force(on: date) -> Questionnaire:
    """Return the questionnaire in force on a day."""
    found = [asked for since, asked in _editions() if since <= on]
    if not found:
        raise InvalidQuestionnaire(f"nothing is in force on {on}; add a file to governance/parameters/")
    return found[-1]


def edition(name: str) -> Questionnaire:
    """Return an edition by its name."""
    return next(asked for _, asked in _editions() if asked.edition == name)


def load(path: Path) -> tuple[date, Questionnaire]:
    """Read one edition with the day it holds from; raises `InvalidQuestionnaire`."""
    try:
        file = _File.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeError, yaml.YAMLError, ValidationError) as error:
        raise InvalidQuestionnaire(f"{path}: {error}") from error
    questions = tuple(Question(**one.model_dump()) for one in file.questions)
    given = file.model_dump(exclude={"effective_from", "questions"})
    return file.effective_from, Questionnaire(**given, questions=questions)


@cache
def _editions() -> tuple[tuple[date, Questionnaire], ...]:
    return tuple(sorted(map(load, PARAMETERS.glob("security_assessment_*.yaml")), key=lambda one: one[0]))
