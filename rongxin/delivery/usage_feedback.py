"""使用情况反馈: what a provider is told of the use of its information in a month ((六)).

Per item, kind of recipient and purpose: how often it was given and found something, how often a claimed value
differed, how its gateway answered, and what became of the loans behind the requests. Counts
only: no firm, no institution's name.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any

from rongxin.catalogue import loader
from rongxin.consent.rules import BUSINESS_ZONE
from rongxin.disclosure import outcome_use, usage
from rongxin.parties import providers
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.sharing import call_register
from rongxin.sharing.quality import rules, sheets
from rongxin.vocabulary.purpose import Purpose

_OTHERS = {"department": "政府部门", "subject": "信息主体本人", "operator": "平台运营机构"}


def of(provider: str, month: str | None, *, as_of: datetime) -> dict[str, Any]:
    """Return a month's feedback (YYYY-MM, without one the present); raises `UnknownParty`, `BadMonth`."""
    card = providers.get(provider)
    month = sheets.checked_month(month, as_of=as_of)
    first, last = rules.span_of(month)
    used = usage.of_provider(provider, since=first, until=last, as_of=as_of)
    since = datetime.combine(first, time(), BUSINESS_ZONE)
    until = datetime.combine(last + timedelta(days=1), time(), BUSINESS_ZONE)
    return {
        "provider": provider,
        "name": card.name,
        "month": month,
        "as_of": as_of.isoformat(),
        "used": [_line(one) for one in used],
        "requests": sum(one.requests for one in used),
        "calls": [
            {**asdict(one), "label": _label(one.item)}
            for one in call_register.answered(provider, since=since, until=until)
        ],
        "loans": [
            {**asdict(one), "label": _label(one.item)}
            for one in outcome_use.of_provider(provider, since=first, until=last, as_of=as_of)
        ],
    }


def _line(one: usage.Used) -> dict[str, Any]:
    hits = round(100 * one.records / one.requests, 1) if one.requests else None
    return {
        **asdict(one),
        "label": _label(one.item),
        "recipient_label": _kind(one.recipient_kind),
        "purpose_label": Purpose(one.purpose).label,
        "hit_percent": hits,
    }


def _label(item: str) -> str:
    return loader.load().label(item)


def _kind(kind: str) -> str:
    return _OTHERS[kind] if kind in _OTHERS else InstitutionKind(kind).label
