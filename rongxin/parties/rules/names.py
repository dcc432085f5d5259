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
_PROVINCE_ENDINGS = ("省", "市", "自治区", "壮族自治区", "回族自治区", "维吾尔自治区", "特别行政区")
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


@dataclass(frozen=True)
class Places:
    """Names of provinces and prefecture-level cities without their 省, 市 or 自治区 (浙江, 内蒙古, 杭州)."""

    provinces: Set[str] = frozenset()
    cities: Set[str] = frozenset()


_NOWHERE = Places()


def key(name: str, places: Places = _NOWHERE) -> Key:
    """Return the canonical key of `name`."""
    text = "".join(unicodedata.normalize("NFKC", name).split()).upper().translate(_BRACKETS)
    text = text.replace("有限责任公司", "有限公司")
    text = _SOLE.sub("", text)
    head, rest = _take(text, places.provinces, _PROVINCE_ENDINGS)
    city, rest = _take(rest, places.cities, ("市",))
    text = head + city + rest
    for ending, form in _FORMS:
        if text.endswith(ending) and len(text) > len(ending):
            return Key(text[: -len(ending)], form)
    return Key(text, "")


def _take(text: str, places: Set[str], endings: tuple[str, ...]) -> tuple[str, str]:
    """Split off a known place at the beginning, without its ending; ("", text) where there is none."""
    for length in range(2, 6):
        if text[:length] in places:
            rest = text[length:]
            ending = max((one for one in endings if rest.startswith(one)), key=len, default="")
            return text[:length], rest[len(ending) :]
    return "", text


def short(label: str) -> str:
    """Return a province's or city's name without its ending."""
    ending = max((one for one in _PROVINCE_ENDINGS if label.endswith(one)), key=len, default="")
    return label.removesuffix(ending) if len(label) - len(ending) >= 2 else label
