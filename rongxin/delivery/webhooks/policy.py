"""The dated parameters of webhooks: waits, limits and terms."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from rongxin.delivery.webhooks.errors import WebhookError
from rongxin.vocabulary import edition

_PARAMETERS = Path(__file__).parent / "parameters"


class Policy(edition.Edition):
    """What is in force from a day on; the file says what each is for."""

    retry_seconds: tuple[float, ...] = Field(min_length=1)
    jitter_share: float = Field(ge=0, lt=1)
    retry_after_seconds_max: float = Field(gt=0)
    timeout_seconds: float = Field(gt=0)
    response_bytes_max: int = Field(gt=0)
    lease_seconds: float = Field(gt=0)
    disable_after_hours: float = Field(gt=0)
    former_secret_hours: float = Field(ge=0)
    endpoints_max: int = Field(gt=0)
    at_once_per_endpoint: int = Field(gt=0)
    ports: frozenset[int]
    delivered_days: int = Field(gt=0)
    dead_days: int = Field(gt=0)


@cache
def every() -> tuple[Policy, ...]:
    """Return every edition on file."""
    return edition.read(_PARAMETERS, "webhooks_*.yaml", Policy, broken=WebhookError)


def in_force(on: date) -> Policy:
    """Return the edition of a day."""
    return edition.in_force(every(), on)
