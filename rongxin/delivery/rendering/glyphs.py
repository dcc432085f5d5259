"""Which characters can be shown: the font's own table on paper, and on no surface what only deceives the eye.

A character that the font lacks would print as an empty box, and PDF/A forbids that; it is written as its
number instead (〔U+20BB7〕), never dropped and never replaced by a likeness: it may be somebody's name.
"""

from __future__ import annotations

import struct
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

# Format characters that turn the direction of text or hide in it; a record has no use for them.
_DECEIVING = frozenset(
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
LAYOUT = frozenset("\n\t")


def numbered(character: str) -> str:
    return f"〔U+{ord(character):04X}〕"


@lru_cache(maxsize=1 << 16)
def deceives(character: str) -> bool:
    """Whether a character is a control, turns text around, or is no character at all."""
    if character in LAYOUT:
        return False
    return character in _DECEIVING or unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")


def legible(value: Any, shows: Callable[[str], bool]) -> Any:
    """Return JSON-like data in which every character of every text can be shown."""
    if isinstance(value, str):
        if all(map(shows, set(value))):
            return value
        return "".join(c if shows(c) else numbered(c) for c in value)
    if isinstance(value, Mapping):
        return {key: legible(part, shows) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [legible(part, shows) for part in value]
    return value


def lettered(report: Mapping[str, Any], font: Coverage) -> dict[str, Any]:
    """Return a report with what the font lacks as numbers, and with `missing`, the list of what it lacked.

    Page and paper say the same, though a reader's own fonts may know more characters: what stands as a box
    on one screen and as a name on another can't be compared with paper.
    """
    lacking: set[str] = set()

    def shows(character: str) -> bool:
        if character in font or character in LAYOUT:
            return True
        lacking.add(character)
        return False

    shown: dict[str, Any] = legible(report, shows)
    return {**shown, "missing": "、".join(f"U+{ord(character):04X}" for character in sorted(lacking))}


class Coverage:
    """The characters of a font, read from its `cmap` table (OpenType, format 12, as CJK fonts have it)."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        groups = sorted(_groups(data, _cmap(data)))
        self._starts = [start for start, _ in groups]
        self._ends = [end for _, end in groups]

    def __contains__(self, character: str) -> bool:
        at = bisect_right(self._starts, ord(character)) - 1
        return at >= 0 and ord(character) <= self._ends[at]


@cache
def coverage(path: Path) -> Coverage:
    return Coverage(path)


def _cmap(data: bytes) -> int:
    """The place of the first face's `cmap`; a collection (`ttcf`) names its faces first."""
    face = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    tables = struct.unpack_from(">H", data, face + 4)[0]
    for number in range(tables):
        tag, _, place, _ = struct.unpack_from(">4sIII", data, face + 12 + 16 * number)
        if tag == b"cmap":
            return int(place)
    raise ValueError("the font has no cmap table")


def _groups(data: bytes, cmap: int) -> Iterator[tuple[int, int]]:
    for number in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        platform, encoding, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * number)
        table = cmap + offset
        if (platform, encoding) == (3, 10) and struct.unpack_from(">H", data, table)[0] == 12:
            for group in range(struct.unpack_from(">I", data, table + 12)[0]):
                start, end, _ = struct.unpack_from(">III", data, table + 16 + 12 * group)
                yield start, end
            return
    raise ValueError("the font has no full Unicode table (cmap format 12)")
