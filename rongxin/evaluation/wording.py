"""An indicator's whole numbers as people read them, with their unit: Chinese first, English second. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from rongxin.catalogue import loader
from rongxin.evaluation.cards import Bins
from rongxin.evaluation.schema import Formula, Indicator, Unit


@dataclass(frozen=True)
class Wording:
    """The same said twice."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if self.zh == self.en else f"{self.zh} {self.en}"


@dataclass(frozen=True)
class Source:
    """Whence an indicator comes: an item of the catalogue and who answers for it （附件）."""

    item: str
    label: str
    label_en: str
    provider: str
    responsible: str


_FORMS: Mapping[Unit, tuple[str, str]] = {
    Unit.MONTHS: ("{} 个月", "{} months"),
    Unit.DAYS: ("{} 天", "{} days"),
    Unit.COUNT: ("{} 项", "{}"),
    Unit.PERMYRIAD: ("{}%", "{}%"),
    Unit.CNY: ("{} 元", "CNY {}"),
    Unit.QUINTILE: ("第 {} 组", "group {}"),
    Unit.HUNDREDTHS: ("{} 次", "{} times"),
    Unit.CLASS: ("{}", "{}"),
}
_IN_HUNDREDTHS = (Unit.PERMYRIAD, Unit.HUNDREDTHS)
#: Below this a number of the unit can't be.
_LEAST: Mapping[Unit, int] = {Unit.COUNT: 0, Unit.HUNDREDTHS: 0, Unit.QUINTILE: 1}


def of_value(indicator: Indicator, value: int) -> Wording:
    """Return a number in words; a class beyond those that are named is what the nearest one says."""
    named = indicator.words
    if indicator.unit is Unit.CLASS:
        value = min(max(value, min(named)), max(named))
    if value in named:
        return Wording(*named[value])
    number = _number(indicator.unit, value)
    return _formed(indicator.unit, number, number)


def _formed(unit: Unit, zh: str, en: str) -> Wording:
    forms = _FORMS[unit]
    return Wording(forms[0].format(zh), forms[1].format(en))


def _number(unit: Unit, value: int) -> str:
    return f"{Decimal(value).scaleb(-2):,.2f}" if unit in _IN_HUNDREDTHS else f"{value:,}"


def of_bin(indicator: Indicator, bins: Bins, place: int) -> Wording:
    """Return the numbers of a bin in words, both ends included."""
    edges = [edge for edge, _ in bins.steps]
    low = edges[place - 1] if place else _LEAST.get(indicator.unit)
    high = edges[place] - 1 if place < len(edges) else None
    if indicator.unit is Unit.CLASS:
        return _classes(indicator, low, high)
    if low is None and high is not None:
        last = of_value(indicator, high)
        return Wording(f"{last.zh}及以下", f"at most {last.en}")
    assert low is not None
    first = of_value(indicator, low)
    if high is None:
        return Wording(f"{first.zh}及以上", f"at least {first.en}")
    if low == high:
        return first
    ends = _number(indicator.unit, low), _number(indicator.unit, high)
    return _formed(indicator.unit, " 至 ".join(ends), " to ".join(ends))


def _classes(indicator: Indicator, low: int | None, high: int | None) -> Wording:
    inside = [
        words
        for value, words in sorted(indicator.words.items())
        if (low is None or value >= low) and (high is None or value <= high)
    ]
    return Wording("、".join(zh for zh, _ in inside), ", ".join(en for _, en in inside))


def sources(formula: Formula) -> tuple[Source, ...]:
    """Return whence a formula's items come by its way, each once, in the order of its measures."""
    return tuple(dict.fromkeys(_sources(formula)))


def _sources(formula: Formula) -> Iterator[Source]:
    catalogue = loader.load()
    for name in formula.items:
        item = catalogue.item(name)
        ways = [way for way in item.channels if way.mode is formula.channel] or item.channels
        for way in ways:
            provider = catalogue.provider_label(way.provider)
            yield Source(name, item.label, item.label_en, provider, way.responsible)
