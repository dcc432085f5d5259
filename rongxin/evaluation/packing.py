"""How one whole number carries several: what an indicator adds to a score. Pure."""

from __future__ import annotations

MISSING, OBSERVED, OBSERVED_NONE, NOT_APPLICABLE = range(4)

_CRITICAL, _WEIGHT, _OBSERVED, _POINTS = 1, 1 << 8, 1 << 20, 1 << 32
_PARTS = {
    "critical": (_CRITICAL, _WEIGHT),
    "weight": (_WEIGHT, _OBSERVED // _WEIGHT),
    "observed": (_OBSERVED, _POINTS // _OBSERVED),
    "points": (_POINTS, 1 << 31),
}


def observed(weight: int, points: int) -> int:
    """Return what an indicator adds whose value is known: points are hundredths of its weight."""
    return weight * points * _POINTS + weight * _OBSERVED + weight * _WEIGHT


def missing(weight: int, *, critical: bool) -> int:
    """Return what an indicator adds that is not known."""
    return weight * _WEIGHT + (_CRITICAL if critical else 0)


def part(column: str, name: str) -> str:
    """Write how one part is read out of a packed column, in SQL."""
    unit, size = _PARTS[name]
    return f"(({column} // {unit}) % {size})"


def parts(total: int) -> dict[str, int]:
    """Return the parts of a packed sum."""
    return {name: total // unit % size for name, (unit, size) in _PARTS.items()}
