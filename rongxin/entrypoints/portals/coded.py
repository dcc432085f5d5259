"""Regions and industries on forms: chosen by their names from the dated lists, kept by their codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from rongxin.catalogue import codelists
from rongxin.vocabulary import industry, region

_BLANKS = 2  # rows that stay free beside those that are filled in
_ROWS_MIN = 3
_BETWEEN = re.compile(r"[\s,，、;；]+")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Coded:
    """A kind of code: the lists that name it, and what has its shape."""

    id: str
    lists: tuple[str, ...]
    fits: Callable[[str], bool]

    def read(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the codes that were chosen or typed, each once; what is none is the room's to refuse."""
        return tuple(dict.fromkeys(code for text in texts for code in self._codes(text.strip())))

    def _codes(self, text: str) -> list[str]:
        if not text:
            return []
        if (known := self._resolve(text)) is not None:
            return [known]
        parts = [part for part in _BETWEEN.split(text) if part]
        if self.fits(parts[0]):  # "C 制造业", as it is offered, or several codes
            codes = [part for part in parts if self.fits(part)]
            return codes if len(codes) == len(parts) else parts[:1]
        return [self._resolve(part) or part for part in parts]

    def _resolve(self, text: str) -> str | None:
        found = (codelists.get(name).resolve(text) for name in self.lists)
        return next(filter(None, found), None)

    def shown(self, code: str) -> str:
        """Return a code with its name, as it is offered."""
        found = next(filter(None, (codelists.get(name).find(code) for name in self.lists)), None)
        return f"{code} {found.label}" if found else code

    def rows(self, codes: Iterable[str]) -> list[str]:
        """Return what stands in the rows of a form: the codes with their names, and some that are free."""
        filled = [self.shown(code) for code in codes]
        return filled + [""] * max(_BLANKS, _ROWS_MIN - len(filled))


REGIONS = Coded("regions-known", ("gbt_2260", "invented_city"), region.well_formed)
INDUSTRIES = Coded(
    "industries-known", ("gbt_4754_2017",), lambda code: code == UNKNOWN or industry.well_formed(code)
)


def offered() -> dict[str, Any]:
    """Return what a form offers: the names of regions down to the prefecture, and of industries."""
    return {"region_names": _names(REGIONS), "industry_names": _names(INDUSTRIES)}


@cache
def _names(kind: Coded) -> tuple[str, ...]:
    return tuple(f"{one.code} {one.label}" for name in kind.lists for one in codelists.get(name).codes)
