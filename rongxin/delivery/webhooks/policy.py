"""The dated parameters of webhooks: waits, limits and terms."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field, model_validator

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

    @model_validator(mode="after")
    def _leaves_time_for_an_attempt(self) -> Policy:
        """What can't end within its lease is never begun: a shorter one would stop all messages."""
        if self.lease_seconds < 2 * self.timeout_seconds:
            raise ValueError(
                f"lease_seconds: {self.lease_seconds:g} leaves no time for an attempt of "
                f"timeout_seconds: {self.timeout_seconds:g} after a wait; at least twice as long"
            )
        return self

    @model_validator(mode="after")
    def _switches_off_whom_it_gave_up(self) -> Policy:
        """A receiver that failed all attempts of a message must not stay on, however the dice fell."""
        shortest = sum(self.retry_seconds) * (1 - self.jitter_share) / 3600
        if self.disable_after_hours > shortest:
            raise ValueError(
                f"disable_after_hours: {self.disable_after_hours} is more than the {shortest:.1f} hours that "
                "the attempts of one message may last"
            )
        return self


@cache
def every() -> tuple[Policy, ...]:
    """Return every edition on file."""
    return edition.read(_PARAMETERS, "webhooks_*.yaml", Policy, broken=WebhookError)


def in_force(on: date) -> Policy:
    """Return the edition of a day."""
    return edition.in_force(every(), on)
