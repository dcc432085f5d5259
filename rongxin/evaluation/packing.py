"""How one whole number carries several: what an indicator adds to a score, and a score's reasons. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MISSING, OBSERVED, OBSERVED_NONE, NOT_APPLICABLE = range(4)

#: Room for so many indicators in a reason, and which lists of reasons there are, with how many each.
PLACES = 64
REASONS = (("lost", 4), ("lacks", 3), ("won", 2))

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


@dataclass(frozen=True)
class Reasons:
    """Codes of indicators: what cost most, what is missing, what speaks for the subject."""

    lost: tuple[str, ...]
    lacks: tuple[str, ...]
    won: tuple[str, ...]


def unpack_reasons(number: int, codes: Sequence[str]) -> Reasons:
    """Return the codes that a packed number of reasons stands for, `codes` being the program's."""
    found: dict[str, tuple[str, ...]] = {}
    for word, most in REASONS:
        places = []
        for _ in range(most):
            number, place = divmod(number, PLACES)
            places.append(place)
        found[word] = tuple(codes[place - 1] for place in places if place)
    return Reasons(**found)


def pack_reasons(reasons: Reasons, codes: Sequence[str]) -> int:
    """Return the number that `unpack_reasons` reads."""
    number, unit = 0, 1
    for word, most in REASONS:
        named: tuple[str, ...] = getattr(reasons, word)
        for place in range(most):
            number += (codes.index(named[place]) + 1 if place < len(named) else 0) * unit
            unit *= PLACES
    return number
