"""The dated parameters of webhooks: waits, limits and terms."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from rongxin.sharing import editions

_PARAMETERS = Path(__file__).parent / "parameters"


class Policy(BaseModel):
    """What is in force from a day on; the file says what each is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    edition: str
    citation: str
    effective_from: date
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
    files = sorted(_PARAMETERS.glob("webhooks_*.yaml"))
    return tuple(Policy.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files)


def in_force(on: date) -> Policy:
    """Return the edition of a day."""
    return editions.in_force(every(), on)
