"""Fair-use templates: dated limits that no consent of their kind may go beyond; and the draft of a consent.

Pure but for reading its files. The limits follow India's Account Aggregator where it has one
(`fair_use/*.yaml`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from rongxin.consent.errors import BeyondFairUse, ConsentError
from rongxin.consent.rules import Frequency, FrequencyUnit
from rongxin.vocabulary import edition
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.sharing_mode import SharingMode

DIRECTORY = Path(__file__).parent / "fair_use"

# How many days after it is given a consent may begin: the longest month. One post-dated further would be
# forgotten by the firm when it begins, and past the risk notice and template it was given under.
POST_DATED_DAYS_MAX = 31


class FrequencyMax(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int
    unit: FrequencyUnit


class Template(BaseModel):
    """One edition of a template; `id` is what the artefact names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: str
    version: int
    effective_from: date
    label: str
    label_en: str
    citation: str
    purposes: frozenset[Purpose]
    modes: frozenset[SharingMode]
    term_days_max: int
    data_back_months_max: int
    frequency_max: FrequencyMax
    retention_days_max: int
    conditions: str

    @property
    def id(self) -> str:
        return f"{self.template}@{self.version}"


@dataclass(frozen=True)
class Draft:
    """What is to be consented to, before anybody has signed."""

    template: str
    items: frozenset[str]
    modes: frozenset[SharingMode]
    purpose: Purpose
    data_period: Period
    valid_from: date
    valid_until: date
    frequency: Frequency
    retention_days: int

    def as_json(self) -> dict[str, Any]:
        return {
            "template": self.template,
            "items": sorted(self.items),
            "modes": sorted(self.modes),
            "purpose": self.purpose.value,
            "data_period": str(self.data_period),
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "frequency": {"limit": self.frequency.limit, "unit": self.frequency.unit.value},
            "retention_days": self.retention_days,
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Draft:
        return cls(
            template=raw["template"],
            items=frozenset(raw["items"]),
            modes=frozenset(SharingMode(mode) for mode in raw["modes"]),
            purpose=Purpose(raw["purpose"]),
            data_period=Period.parse(raw["data_period"]),
            valid_from=date.fromisoformat(raw["valid_from"]),
            valid_until=date.fromisoformat(raw["valid_until"]),
            frequency=Frequency(raw["frequency"]["limit"], FrequencyUnit(raw["frequency"]["unit"])),
            retention_days=raw["retention_days"],
        )


@cache
def every() -> tuple[Template, ...]:
    """Return all templates of all editions; ConsentError names file and key of a faulty one."""
    return edition.read(DIRECTORY, "*.yaml", Template, broken=ConsentError)


def in_force(name: str, on: date) -> Template:
    """Return the newest edition of a template in force on a day."""
    editions = [one for one in every() if one.template == name and one.effective_from <= on]
    if not editions:
        known = "、".join(sorted({one.template for one in every()}))
        raise BeyondFairUse(f"没有公平使用范本“{name}”；现有：{known}")
    return max(editions, key=lambda one: one.version)


def draft(
    name: str,
    items: frozenset[str],
    *,
    purpose: Purpose | None = None,
    modes: frozenset[SharingMode] | None = None,
    on: date,
) -> Draft:
    """Return a draft that uses a template to its limits, starting on a day."""
    template = in_force(name, on)
    if purpose is None:
        if len(template.purposes) > 1:
            raise BeyondFairUse(f"范本“{template.label}”适用于多种使用目的，请写明其中一种")
        (purpose,) = template.purposes
    until = date.fromordinal(on.toordinal() + template.term_days_max - 1)
    return Draft(
        template=template.template,
        items=items,
        modes=modes if modes is not None else template.modes,
        purpose=purpose,
        data_period=Period(_months_before(on, template.data_back_months_max), until),
        valid_from=on,
        valid_until=until,
        frequency=Frequency(template.frequency_max.limit, template.frequency_max.unit),
        retention_days=template.retention_days_max,
    )


def starting(proposed: Draft, *, on: date) -> Draft:
    """Return a draft made on an earlier day as it can be consented to on this one: never wider.

    It begins no earlier than this day, its data reach back no further than the template allows from here, and
    it ends when it was to end. One that is over by then stays as it is, for `check` to refuse.
    """
    period = proposed.data_period
    earliest = _months_before(on, in_force(proposed.template, on).data_back_months_max)
    if proposed.valid_until < on or period.to < earliest:
        return proposed
    return replace(
        proposed,
        valid_from=max(proposed.valid_from, on),
        data_period=Period(max(period.from_, earliest), period.to),
    )


def check(proposed: Draft, *, on: date) -> Template:
    """Return the template in force if the draft keeps within it; BeyondFairUse lists everything that
    doesn't.
    """
    template = in_force(proposed.template, on)
    if found := _excess(proposed, template, on):
        raise BeyondFairUse(f"超出公平使用范本“{template.label}”：" + "；".join(found))
    return template


def _excess(proposed: Draft, template: Template, on: date) -> list[str]:
    earliest = _months_before(on, template.data_back_months_max)
    term_days = (proposed.valid_until - proposed.valid_from).days + 1
    checks = {
        "没有列出信息项": not proposed.items,
        "没有列出共享方式": not proposed.modes,
        f"使用目的“{proposed.purpose.label}”不在范本内": proposed.purpose not in template.purposes,
        "共享方式不在范本内": not proposed.modes <= template.modes,
        "起始日早于授权日": proposed.valid_from < on,
        f"起始日晚于授权日{POST_DATED_DAYS_MAX}天以上": (proposed.valid_from - on).days > POST_DATED_DAYS_MAX,
        "终止日早于起始日": term_days < 1,
        f"期限{term_days}天，最长{template.term_days_max}天": term_days > template.term_days_max,
        f"数据期间早于{earliest}": proposed.data_period.from_ < earliest,
        "数据期间晚于授权终止日": proposed.data_period.to > proposed.valid_until,
        f"查询次数超过{template.frequency_max.limit}次": _more_often(
            proposed.frequency, template.frequency_max
        ),
        f"保存期限不在1至{template.retention_days_max}天之间": not (
            1 <= proposed.retention_days <= template.retention_days_max
        ),
    }
    return [message for message, exceeded in checks.items() if exceeded]


def _more_often(asked: Frequency, most: FrequencyMax) -> bool:
    """Whether `asked` could be used more often than `most` in one of its spans; a longer span is the
    narrower.
    """
    order = [FrequencyUnit.DAY, FrequencyUnit.MONTH, FrequencyUnit.YEAR, FrequencyUnit.TERM]
    if order.index(asked.unit) < order.index(most.unit):
        return True
    return asked.limit > most.limit


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
