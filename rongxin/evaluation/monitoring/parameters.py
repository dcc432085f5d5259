"""The dated numbers by which versions are watched and replaced."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from rongxin.evaluation.errors import InvalidEdition
from rongxin.vocabulary import edition
from rongxin.vocabulary.edition import Edition

_FOLDER = Path(__file__).parents[1] / "parameters"


class Limits(Edition):
    psi_watch: float = Field(gt=0)
    psi_act: float = Field(gt=0)
    missing_watch_permille: int = Field(ge=1)
    missing_act_permille: int = Field(ge=1)
    bad_overdue_days: int = Field(ge=1)
    window_months: int = Field(ge=1)
    bads_min: int = Field(ge=2)
    goods_min: int = Field(ge=2)
    grade_loans_min: int = Field(ge=2)
    bootstrap_rounds: int = Field(ge=50)
    interval_z: float = Field(gt=0)
    group_min: int = Field(ge=2)
    round_to: int = Field(ge=2)
    cut_grade: str
    share_ratio_watch: float = Field(gt=0, lt=1)
    shadow_runs_min: int = Field(ge=1)
    age_bands: tuple[int, ...] = Field(min_length=2)


def in_force(on: date) -> Limits:
    """Return the limits of a day."""
    return edition.in_force(_editions(), on)


@cache
def _editions() -> tuple[Limits, ...]:
    return edition.read(_FOLDER, "monitoring_*.yaml", Limits, broken=InvalidEdition)
