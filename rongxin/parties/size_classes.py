"""The dated tables of 中小企业划型, read and checked once; `rules.size_class` holds the law."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from rongxin.parties.errors import PartiesError
from rongxin.parties.rules.size_class import Figure, Indicator, Row, Sizing, Standard, classify
from rongxin.vocabulary import edition

PARAMETERS = Path(__file__).parent / "parameters"


class InvalidStandard(PartiesError):
    """A table of size classes can't be used as it stands."""

    code = "invalid_size_class_standard"


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    label: str
    codes: list[str]
    bounds: dict[Indicator, tuple[Decimal, Decimal, Decimal]]

    @model_validator(mode="after")
    def _falling(self) -> _Row:
        for name, (large, medium, small) in self.bounds.items():
            if not large >= medium >= small > 0:
                raise ValueError(f"row {self.number}: {name}: bounds must fall from large to small")
        return self


class _Standard(edition.Edition):
    mapping: str
    rows: list[_Row]

    @model_validator(mode="after")
    def _codes_once(self) -> _Standard:
        codes = [code for row in self.rows for code in row.codes]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"codes in more than one row: {', '.join(twice)}")
        return self


def load(path: Path) -> Standard:
    """Read one table; InvalidStandard names file and place."""
    raw = edition.load(path, _Standard, broken=InvalidStandard)
    rows = tuple(Row(row.number, row.label, frozenset(row.codes), dict(row.bounds)) for row in raw.rows)
    return Standard(raw.edition, raw.citation, raw.effective_from, rows)


@cache
def standards() -> tuple[Standard, ...]:
    """Return every table on file, the oldest first."""
    tables = [load(path) for path in PARAMETERS.glob("size_class_*.yaml")]
    return tuple(sorted(tables, key=lambda table: table.effective_from))


def in_force(on: date) -> Standard:
    """Return the table in force on a day."""
    tables = [table for table in standards() if table.effective_from <= on]
    if not tables:
        raise InvalidStandard(f"no table of size classes was in force on {on}")
    return tables[-1]


def size(industry: str, figures: Mapping[Indicator, Figure], *, on: date) -> Sizing:
    """Return a firm's size class by the table in force on `on`."""
    return classify(in_force(on), industry, figures)
