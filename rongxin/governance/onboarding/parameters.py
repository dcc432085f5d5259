"""The dated questionnaires of the security assessment, read and checked once."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from rongxin.governance.errors import GovernanceError
from rongxin.governance.onboarding.rules import Questionnaire
from rongxin.vocabulary import edition as editions

PARAMETERS = Path(__file__).parent.parent / "parameters"


class InvalidQuestionnaire(GovernanceError):
    """A file of the assessment can't be used as it stands."""

    code = "invalid_questionnaire"


def in_force(on: date) -> Questionnaire:
    """Return the questionnaire in force on a day; before the first edition, the first."""
    return editions.in_force(_editions(), on)


def edition(name: str) -> Questionnaire:
    """Return an edition by its name."""
    return next(asked for asked in _editions() if asked.edition == name)


def load(path: Path) -> Questionnaire:
    """Read one edition; raises `InvalidQuestionnaire`."""
    return editions.load(path, Questionnaire, broken=InvalidQuestionnaire)


@cache
def _editions() -> tuple[Questionnaire, ...]:
    return editions.read(PARAMETERS, "security_assessment_*.yaml", Questionnaire, broken=InvalidQuestionnaire)
