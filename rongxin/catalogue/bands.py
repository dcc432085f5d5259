"""Bands that stand for an exact figure where only its size may be seen (`codes/display_bands.yaml`)."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from functools import cache
from pathlib import Path

import yaml

from rongxin.catalogue import masking, numerals

_FILE = Path(__file__).parent / "codes" / "display_bands.yaml"


@cache
def _scales() -> dict[str, tuple[tuple[int, ...], tuple[str, ...]]]:
    document = yaml.safe_load(_FILE.read_text("utf-8"))
    return {
        name: (tuple(scale["edges"]), tuple(scale["labels"])) for name, scale in document["scales"].items()
    }


def labels(scale: str) -> tuple[str, ...]:
    """Name the bands of a scale, the smallest first."""
    return _scales()[scale][1]


def of(scale: str, value: object, *, scale_factor: int = 1) -> str:
    """Name the band of a figure; a band stays itself, anything else becomes stars."""
    edges, names = _scales()[scale]
    if isinstance(value, str) and value in names:
        return value
    number = numerals.stored(value)
    if number is None:
        return masking.STARS
    return names[bisect_right(edges, number * Decimal(scale_factor))]
