"""Dated parameters: files with a citation, of which the newest that was in force on a day counts.

Every number of policy stands in such a file beside the room that uses it; how they are read is the same for
all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

#: What a file says of itself to whoever reads it: what it is called, and which body decides its figures. No
#: rule reads it, so it is no part of a model or of its digest.
FOR_PEOPLE = ("title", "decided_by")


class Edition(BaseModel):
    """What every edition says of itself: its name, whence its numbers are, and since which day they hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    edition: str
    citation: str
    effective_from: date


class _Dated(Protocol):
    @property
    def effective_from(self) -> date: ...


Read = TypeVar("Read", bound=BaseModel)
Dated = TypeVar("Dated", bound=_Dated)


def for_rules(content: object) -> object:
    """Return what rules read of a file's content."""
    if not isinstance(content, dict):
        return content
    return {key: value for key, value in content.items() if key not in FOR_PEOPLE}


def load(path: Path, model: type[Read], *, broken: type[Exception]) -> Read:
    """Read one file; raises `broken` with the file's name and what is wrong in it."""
    try:
        return model.model_validate(for_rules(yaml.safe_load(path.read_text(encoding="utf-8"))))
    except (OSError, UnicodeError, yaml.YAMLError, ValidationError) as error:
        raise broken(f"{path.name}: {error}") from error


def read(folder: Path, pattern: str, model: type[Read], *, broken: type[Exception]) -> tuple[Read, ...]:
    """Read every file of a folder whose name fits, in the order of names, which end with the day or year."""
    return tuple(load(path, model, broken=broken) for path in sorted(folder.glob(pattern)))


def in_force(editions: Sequence[Dated], on: date) -> Dated:
    """Return the edition of a day; before the first one, the first."""
    oldest_first = sorted(editions, key=lambda one: one.effective_from)
    return ([one for one in oldest_first if one.effective_from <= on] or oldest_first[:1])[-1]
