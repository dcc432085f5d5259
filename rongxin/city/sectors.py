"""What subjects do for a living and how large they are, read from `sectors.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rongxin.city.streams import Stream
from rongxin.vocabulary.subject_kind import SubjectKind

STEPS = ("micro", "small", "medium", "large")


@dataclass(frozen=True, slots=True)
class Permit:
    """A licence a trade needs; `years` is how long one is good for, 0 without an end."""

    certificate: str
    category: str
    issuer: str
    years: int
    share: float


@dataclass(frozen=True, slots=True)
class Sector:
    division: str
    scale: str
    weights: Mapping[str, float]
    words: tuple[str, ...]
    scope: str
    permits: tuple[Permit, ...]
    export: float
    tech: float
    pollution: float
    gas: float

    @property
    def makes_things(self) -> bool:
        return self.scale == "manufacturing"


@dataclass(frozen=True, slots=True)
class Size:
    """How large a subject is. Money in 万元, as the size classes are defined."""

    step: str
    employees: int
    revenue: float
    assets: float


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "sectors.yaml").read_text("utf-8"))
    return document


@cache
def all_sectors() -> tuple[Sector, ...]:
    document = _document()
    permits = {name: Permit(**facts) for name, facts in document["permits"].items()}
    return tuple(
        Sector(
            **{
                **facts,
                "words": tuple(facts["words"]),
                "permits": tuple(permits[name] for name in facts["permits"]),
            }
        )
        for facts in document["sectors"]
    )


@cache
def of_kind(kind: SubjectKind) -> Mapping[int, float]:
    """Position of a sector in `all_sectors` → how often that kind of subject works in it."""
    weights = {position: sector.weights.get(kind.value, 0.0) for position, sector in enumerate(all_sectors())}
    return {position: weight for position, weight in weights.items() if weight}


def size(draw: Stream, scale: str, step: str) -> Size:
    """Invent head count, revenue and assets that fall into a size class of the scale.

    A class needs all its lower bounds (工信部联企业〔2011〕300号), so all figures that the scale lists lie in
    one class; what it doesn't list follows from what it does.
    """
    bounds: dict[str, list[float]] = _document()["scales"][scale]
    rank = STEPS.index(step)
    drawn = {figure: _within(draw, lower, rank) for figure, lower in bounds.items()}
    revenue = drawn.get("revenue") or drawn.get("assets", drawn.get("employees", 1) * 18) * draw.between(
        0.4, 1.5
    )
    assets = drawn.get("assets") or revenue * draw.between(0.4, 1.6)
    employees = drawn.get("employees") or revenue / draw.between(14, 60)
    return Size(step, max(1, int(employees)), round(revenue, 2), round(assets, 2))


def _within(draw: Stream, lower: list[float], rank: int) -> float:
    low = lower[rank - 1] if rank else max(1.0, lower[0] * 0.06)
    high = lower[rank] if rank < len(lower) else lower[-1] * 4
    return draw.between(low * 1.02 + (1 if rank else 0), max(high * 0.97, low * 1.03))
