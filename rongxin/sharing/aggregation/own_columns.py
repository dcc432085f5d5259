"""What a provider has said of its own columns: which field each is, and how its cells are to be read.

A cell that the mapping doesn't speak of stays as it came, so that a file in the catalogue's own words may
come any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

# Orders of a date that the catalogue doesn't guess; a mapping says which it is.
DATE_ORDERS: Final[Mapping[str, str]] = {"dmy": "${3}-${2}-${1}", "mdy": "${3}-${1}-${2}"}
_DAY: Final = "([0-9]{1,2})"
_DATES: Final = tuple(rf"^\s*{_DAY}{part}{_DAY}{part}([0-9]{{4}})" for part in ("/", "-", r"\."))


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """One column: the field that it is, its unit, what its words mean, in which order it writes dates."""

    fills: str
    unit: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    date_order: str = ""

    def read(self, header: str) -> pl.Expr:
        """Return the column as the catalogue would have it written."""
        text = pl.col(header)
        if self.values:
            word = text.str.strip_chars()
            meant = word.replace_strict(list(self.values), list(self.values.values()), default=None)
            text = pl.when(word.is_in(list(self.values))).then(meant).otherwise(text)
        if self.date_order:
            for pattern in _DATES:
                text = text.str.replace(pattern, DATE_ORDERS[self.date_order])
        return text.alias(header)


@dataclass(frozen=True, slots=True)
class Saved:
    """A mapping: header → column, and field → the text that stands in every row. Version 0: not saved yet."""

    columns: Mapping[str, OwnColumn] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
