"""A bucket of a run: a range of subjects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A bucket: its number and the subjects in it, first and last inclusive."""

    number: int
    first: int
    last: int
    subjects: int
