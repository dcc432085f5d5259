"""The canonical key of a name by the region lists in force; see `rules.names` for what is folded."""

from __future__ import annotations

from functools import cache, lru_cache

from rongxin.catalogue import codelists
from rongxin.parties.rules import names
from rongxin.vocabulary import region
from rongxin.vocabulary.region import RegionLevel

# The invented city of the demo stands beside the real ones.
_LISTS = ("gbt_2260", "invented_city")


@cache
def _places() -> names.Places:
    labels: dict[RegionLevel, set[str]] = {level: set() for level in RegionLevel}
    for name in _LISTS:
        for entry in codelists.get(name).codes:
            labels[region.level(entry.code)].add(names.short(entry.label))
    return names.Places(
        provinces=frozenset(labels[RegionLevel.PROVINCE]), cities=frozenset(labels[RegionLevel.PREFECTURE])
    )


@lru_cache(maxsize=65_536)
def key(name: str) -> names.Key:
    """Return the key by which names are compared."""
    return names.key(name, _places())
