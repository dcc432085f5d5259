"""Names of regions: GB/T 2260, and the invented city where it is meant (`codes/invented_city.yaml`)."""

from __future__ import annotations

from rongxin.catalogue import codelists
from rongxin.vocabulary import region


def label(code: str) -> str:
    """Name a region by province, prefecture and county as far as the lists know them."""
    if code == region.NATION:
        return "全国"
    parts = dict.fromkeys([region.province(code), region.prefecture(code), code])
    names = [name for part in parts if (name := _name(part))]
    return "".join(names) or code


def known(code: str) -> bool:
    """Say whether a list names the region itself."""
    return _name(code) is not None


def _name(code: str) -> str | None:
    for name in ("gbt_2260", "invented_city"):
        if found := codelists.get(name).find(code):
            return found.label
    return None
