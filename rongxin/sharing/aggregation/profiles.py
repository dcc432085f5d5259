"""What a batch looks like as a whole: shares and means, never a value of a row. The gates compare these."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from rongxin.catalogue.field_type import Column
from rongxin.catalogue.schema import Item
from rongxin.parties.rules.remit import Remit
from rongxin.vocabulary import uscc

_NUMERIC: Final = (Column.DECIMAL, Column.INTEGER)
_REGIONS_MAX: Final = 50
_NAMED_MAX: Final = 5
_PLACE: Final = 8  # of a code: who registered it, what it is, and where


@dataclass
class Profile:
    """Sums over the valid rows of one file, added up chunk by chunk."""

    item: Item
    remit: Remit = field(default_factory=Remit)
    rows: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    logs: Counter[str] = field(default_factory=Counter)
    log_sums: dict[str, float] = field(default_factory=dict)
    places: Counter[str] = field(default_factory=Counter)

    def add(self, values: pl.DataFrame, codes: pl.Series) -> None:
        """Take in one chunk: `values` in stored form, and the firms' codes."""
        self.rows += values.height
        for member in self.item.fields:
            if member.name not in values.columns:
                continue
            column = values[member.name]
            self.filled[member.name] += column.len() - column.null_count()
            if member.field_type.column in _NUMERIC:
                self._add_sizes(member.name, column)
        places = codes.drop_nulls().str.slice(0, _PLACE).value_counts()
        self.places.update(dict(places.iter_rows()))

    def _add_sizes(self, name: str, column: pl.Series) -> None:
        """A mean of logarithms: one huge fine moves it little, a wrong unit moves it by the whole factor."""
        sizes = (column.cast(pl.Float64, strict=False).drop_nulls().abs() + 1).log10()
        self.logs[name] += sizes.len()
        self.log_sums[name] = self.log_sums.get(name, 0.0) + float(sizes.sum())

    def document(self, *, read: int, in_file: int, held: int) -> dict[str, Any]:
        """The profile as the batch keeps it; `in_file` and `held` count duplicates of both kinds."""
        rows = max(self.rows, 1)
        coded, regions = max(self.places.total(), 1), Counter[str]()
        for place, count in self.places.items():
            regions[place[2:6]] += count
        return {
            "read": read,
            "rows": self.rows,
            "nulls": {f.name: round(1 - self.filled[f.name] / rows, 4) for f in self.item.fields},
            "log_means": {n: round(self.log_sums[n] / c, 4) for n, c in sorted(self.logs.items()) if c},
            "regions": {r: round(c / coded, 4) for r, c in regions.most_common(_REGIONS_MAX)},
            "duplicates_in_file": round(in_file / max(read, 1), 4),
            "duplicates": round((in_file + held) / max(read, 1), 4),
            **({"outside": self._outside()} if self.remit.declared else {}),
        }

    def _outside(self) -> dict[str, Any]:
        """Of the rows with a code, how many are of firms that the provider's remit does not cover."""
        regions, kinds, rows = Counter[str](), Counter[str](), 0
        for place, count in self.places.items():
            where, kind = uscc.region(place), uscc.kind(place)
            strange = not self.remit.covers_region(where)
            other = not self.remit.covers_kind(kind)
            regions[where] += count * strange
            kinds[str(kind)] += count * other
            rows += count * (strange or other)
        return {
            "regions_declared": bool(self.remit.regions),
            "coded": self.places.total(),
            "rows": rows,
            "regions": dict((+regions).most_common(_NAMED_MAX)),
            "kinds": dict((+kinds).most_common(_NAMED_MAX)),
        }
