"""分档: by which bands a provider answers where the annex shares a figure by band alone (附件第21行)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import field_validator

from rongxin.catalogue import loader
from rongxin.catalogue.errors import CatalogueError
from rongxin.vocabulary import edition


class Bands(edition.Edition):
    """What providers have published: item → field → its bands, the smallest first."""

    items: Mapping[str, Mapping[str, tuple[str, ...]]]

    @field_validator("items")
    @classmethod
    def _are_bands(cls, items: Mapping[str, Mapping[str, tuple[str, ...]]]) -> object:
        for item, fields in items.items():
            for name, bands in fields.items():
                field = loader.load().item(item).field(name)
                if any(field.clean(one, today=date.max) != one for one in bands):
                    raise ValueError(f"{item}.{name}: write each band as the catalogue does, 50–99人")
        return items


class InvalidBands(CatalogueError):
    """分档的参数文件有误 a file of bands can't be read."""

    code = "invalid_bands"


@cache
def _editions() -> tuple[Bands, ...]:
    return edition.read(Path(__file__).parent / "parameters", "bands_*.yaml", Bands, broken=InvalidBands)


def of(item: str, field: str, *, on: date) -> tuple[str, ...]:
    """Return the bands of a field on a day, the smallest first; none where none are published."""
    return edition.in_force(_editions(), on).items.get(item, {}).get(field, ())
