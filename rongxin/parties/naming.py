"""The canonical key of a name with the cities of the region list; see `rules.names` for what is folded."""

from __future__ import annotations

from functools import cache, lru_cache

from rongxin.catalogue import codelists
from rongxin.parties.rules import names


@cache
def _cities() -> frozenset[str]:
    entries = codelists.get("gbt_2260").entries.values()
    return frozenset(entry.label.removesuffix("市") for entry in entries if entry.label.endswith("市"))


@lru_cache(maxsize=65_536)
def key(name: str) -> names.Key:
    """Return the key by which names are compared."""
    return names.key(name, _cities())
