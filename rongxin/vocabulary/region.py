"""行政区划代码 of GB/T 2260: the shape of a code and its place in the hierarchy.

The dated list of names is `catalogue/codes/gbt_2260.yaml`; here are only the words.
"""

from __future__ import annotations

import re

from rongxin.vocabulary.labelled import Labelled

_CODE = re.compile(r"[1-9][0-9]{5}")
NATION = "100000"


class RegionLevel(Labelled):
    NATION = "nation", "国家", "nation"
    PROVINCE = "province", "省级", "province"
    PREFECTURE = "prefecture", "地级", "prefecture"
    COUNTY = "county", "县级", "county"


def well_formed(code: str) -> bool:
    """Say whether the text has the shape of a region code (six digits, not from 0)."""
    return _CODE.fullmatch(code) is not None


def level(code: str) -> RegionLevel:
    """Tell the level of a well-formed code by its trailing zeros."""
    if not well_formed(code):
        raise ValueError(f"not a region code of six digits: {code!r}")
    if code == NATION:
        return RegionLevel.NATION
    if code.endswith("0000"):
        return RegionLevel.PROVINCE
    return RegionLevel.PREFECTURE if code.endswith("00") else RegionLevel.COUNTY


def province(code: str) -> str:
    """Name the province that a region lies in."""
    return code[:2] + "0000"


def prefecture(code: str) -> str:
    """Name the prefecture that a region lies in (a province stays itself)."""
    return code[:4] + "00"


def lies_in(code: str, outer: str) -> bool:
    """Say whether a region is, or lies within, another."""
    if outer == NATION:
        return True
    if outer.endswith("0000"):
        return code[:2] == outer[:2]
    if outer.endswith("00"):
        return code[:4] == outer[:4]
    return code == outer
