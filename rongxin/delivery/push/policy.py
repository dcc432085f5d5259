"""The dated parameters of batch push."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from rongxin.delivery.push.errors import PushError
from rongxin.vocabulary import edition

_PARAMETERS = Path(__file__).parent / "parameters"


class Policy(edition.Edition):
    """What is in force from a day on; the file says what each is for."""

    subscriptions_max: int = Field(ge=1)
    industries_basis: str


@cache
def every() -> tuple[Policy, ...]:
    """Return every edition on file."""
    return edition.read(_PARAMETERS, "push_*.yaml", Policy, broken=PushError)


def in_force(on: date) -> Policy:
    """Return the edition of a day."""
    return edition.in_force(every(), on)
