"""自愿填报＋信用承诺: what a firm says of itself, promising that it is true; apart from official data.

The fields are a dated list, the promise a dated text whose hash stands with what was stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rongxin.catalogue import redaction
from rongxin.consent import notices
from rongxin.consent.notices import Notice
from rongxin.financing.errors import ApplicationRefused, FinancingError
from rongxin.vocabulary import edition
from rongxin.vocabulary.edition import Edition

_HERE = Path(__file__).parents[1]
_TEXT_MAX = 200
_NUMBER_MAX = Decimal("1e13")


class Question(BaseModel):
    """One thing that a firm may state of itself; numbers carry their unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    label: str
    label_en: str
    kind: Literal["text", "number"]
    unit: str = ""
    unit_en: str = ""


class Questions(Edition):
    questions: tuple[Question, ...]


def questions(on: date) -> tuple[Question, ...]:
    """Return what may be stated on a day; all of it is voluntary."""
    return edition.in_force(_editions(), on).questions


def commitment(on: date) -> Notice:
    """Return the text by which a firm promises that its statements are true."""
    return [one for one in _commitments() if one.effective_from <= on][-1]


def confirm(version: str, digest: str, *, on: date) -> None:
    """Refuse a promise by another text than the one in force."""
    shown = commitment(on)
    if (version, digest) != (shown.version, shown.sha256):
        raise ApplicationRefused(f"请阅读现行的信用承诺书（{shown.version}版）后再承诺")


def checked(given: Mapping[str, str], *, on: date) -> dict[str, str]:
    """Return what was stated, cleaned, what was left blank left out; raises `ApplicationRefused`."""
    known = {one.name: one for one in questions(on)}
    if unknown := sorted(set(given) - set(known)):
        raise ApplicationRefused(f"没有可填报的项目：{'、'.join(unknown)}")
    return {name: _value(one, text) for name, one in known.items() if (text := given.get(name, "").strip())}


def shown(stated: Mapping[str, str], *, on: date) -> list[dict[str, str]]:
    """Return what was stated as people read it, in the order of the list."""
    return [
        {
            "label": one.label,
            "label_en": one.label_en,
            "value": f"{stated[one.name]}{one.unit}",
            "value_en": f"{stated[one.name]} {one.unit_en}".strip(),
        }
        for one in questions(on)
        if one.name in stated
    ]


def _value(one: Question, text: str) -> str:
    if one.kind == "text":
        if len(text) > _TEXT_MAX or redaction.holds_number(text):
            raise ApplicationRefused(f"{one.label}至多{_TEXT_MAX}字，且不含个人证件号码、手机号或银行卡号")
        return text
    try:
        number = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation as error:
        raise ApplicationRefused(f"{one.label}应为数字（单位：{one.unit}）") from error
    if not number.is_finite() or not 0 <= number <= _NUMBER_MAX:
        raise ApplicationRefused(f"{one.label}超出范围，请核对单位（{one.unit}）")
    return f"{number:f}"


@cache
def _editions() -> tuple[Questions, ...]:
    return edition.read(_HERE / "parameters", "voluntary_*.yaml", Questions, broken=FinancingError)


@cache
def _commitments() -> tuple[Notice, ...]:
    found = map(notices.load, (_HERE / "commitments").glob("*.md"))
    return tuple(sorted(found, key=lambda one: one.effective_from))
