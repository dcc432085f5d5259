"""Dated parameters: files of which the newest that was in force on a day counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

import yaml
from pydantic import BaseModel

_PARAMETERS = Path(__file__).parent / "parameters"
Read = TypeVar("Read", bound=BaseModel)


class Dated(Protocol):
    @property
    def effective_from(self) -> date: ...


Edition = TypeVar("Edition", bound=Dated)


def read(model: type[Read], pattern: str) -> tuple[Read, ...]:
    """Read every file whose name fits, in the order of names, which end with the day or year."""
    files = sorted(_PARAMETERS.glob(pattern))
    return tuple(model.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files)


def in_force(editions: Sequence[Edition], on: date) -> Edition:
    """Return the edition of a day; before the first one, the first."""
    oldest_first = sorted(editions, key=lambda edition: edition.effective_from)
    return ([e for e in oldest_first if e.effective_from <= on] or oldest_first[:1])[-1]
