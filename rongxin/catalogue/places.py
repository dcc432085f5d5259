"""Where an address may be cut so that it names a county or a street and nobody's door.

Province and prefecture must be known names of GB/T 2260; an address that begins otherwise is not cut but
hidden whole, since nobody can say what its first part tells.
"""

from __future__ import annotations

import re
from functools import cache

from rongxin.catalogue import codelists, masking

_HAN = r"[\u4e00-\u9fff]"
# 小区, 园区, 社区, 校区 and 厂区 are no counties but somebody's neighbours.
_COUNTY = rf"{_HAN}{{1,8}}?(?:(?<![小园社校厂])区|县|市|旗)"
_STREET = rf"{_HAN}{{1,12}}?(?:街道|大道|大街|胡同|路|街|巷|弄|镇|乡|村)"
_ENDINGS = ("省", "市", "自治区", "特别行政区", "壮族自治区", "回族自治区", "维吾尔自治区")


def to_county(value: object) -> str:
    """Show an address as far as its county."""
    match = _county().match(value) if isinstance(value, str) else None
    return match.group() + masking.STARS if match else masking.STARS


def to_street(value: object) -> str:
    """Show an address as far as its street, or else its county."""
    match = _county().match(value) if isinstance(value, str) else None
    if match is None or not isinstance(value, str):
        return masking.STARS
    street = re.compile(_STREET).match(value, match.end())
    return value[: street.end() if street else match.end()] + masking.STARS


@cache
def _county() -> re.Pattern[str]:
    provinces, prefectures = set[str](), set[str]()
    for name in ("gbt_2260", "invented_city"):
        for entry in codelists.get(name).codes:
            if entry.code.endswith("0000"):
                provinces |= {entry.label, _short(entry.label)}
            elif entry.code.endswith("00"):
                prefectures.add(entry.label)
    province, prefecture = (
        "|".join(sorted(map(re.escape, names), key=len, reverse=True)) for names in (provinces, prefectures)
    )
    # A county under the province (海南, 湖北 and 新疆 have some) needs the province before it.
    return re.compile(rf"(?:(?:{province})?(?:{prefecture})|(?:{province})){_COUNTY}")


def _short(label: str) -> str:
    for ending in sorted(_ENDINGS, key=len, reverse=True):
        if label.endswith(ending):
            return label[: -len(ending)]
    return label
