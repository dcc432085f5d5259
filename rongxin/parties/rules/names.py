"""The canonical key of an organisation's name: what matching by name compares (evaluation of matching
methods).

Folded: width (NFKC), blanks, brackets, 省/市 after a known place, and the two spellings of one legal form
(有限责任公司 = 有限公司). Kept apart: 有限公司 and 股份有限公司, which are different firms. Traditional
characters are not folded: that needs a table we don't carry. One different character is a different firm,
so nothing is fuzzy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from dataclasses import dataclass

_BRACKETS = str.maketrans("", "", "()[]{}<>《》〈〉【】〔〕「」『』“”\"'‘’")
_FORMS = (("股份有限公司", "股份"), ("股份公司", "股份"), ("有限公司", "有限"))
_SISTER = {"股份": "有限", "有限": "股份"}
_SOLE = re.compile("个体工商户$")
_PROVINCES = [
    "北京",
    "天津",
    "河北",
    "山西",
    "内蒙古",
    "辽宁",
    "吉林",
    "黑龙江",
    "上海",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "广西",
    "海南",
    "重庆",
    "四川",
    "贵州",
    "云南",
    "西藏",
    "陕西",
    "甘肃",
    "青海",
    "宁夏",
    "新疆",
    "台湾",
    "香港",
    "澳门",
]
_PROVINCE = re.compile(
    f"^({'|'.join(_PROVINCES)})(?:省|市|自治区|壮族自治区|回族自治区|维吾尔自治区|特别行政区)"
)
# Below this many characters a name without a legal form is a person's name, not a 字号.
_SHORTEST = 5


@dataclass(frozen=True, slots=True)
class Key:
    """A name's stem and legal form ("" where it has none)."""

    stem: str
    form: str

    def __str__(self) -> str:
        return f"{self.stem}|{self.form}"

    @property
    def sister(self) -> Key | None:
        """The same name in the other form of a company, with which it must not be confused."""
        other = _SISTER.get(self.form)
        return Key(self.stem, other) if other else None

    @property
    def tells(self) -> bool:
        """Whether the name tells one firm at all: 个体工商户 without a 字号 goes by code or not at all."""
        return bool(self.form) or len(self.stem) >= _SHORTEST


def key(name: str, places: Set[str] = frozenset()) -> Key:
    """Return the canonical key of `name`; `places` are names of cities without their 市 (云州, 杭州…)."""
    text = "".join(unicodedata.normalize("NFKC", name).split()).upper().translate(_BRACKETS)
    text = text.replace("有限责任公司", "有限公司")
    text = _SOLE.sub("", text)
    text = _without_suffixes(text, places)
    for ending, form in _FORMS:
        if text.endswith(ending) and len(text) > len(ending):
            return Key(text[: -len(ending)], form)
    return Key(text, "")


def _without_suffixes(text: str, places: Set[str]) -> str:
    province = _PROVINCE.match(text)
    head = province.group(1) if province else ""
    rest = text[province.end() :] if province else text
    for length in range(2, 6):
        if rest[length : length + 1] == "市" and rest[:length] in places:
            rest = rest[:length] + rest[length + 1 :]
            break
    return head + rest
