"""What a provider is told of the objections to its information ((六)(九)): counts by item, no firm."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any

from rongxin.catalogue import loader
from rongxin.delivery import usage_feedback
from rongxin.rights.models import Objection
from rongxin.rights.rules.objection import State
from rongxin.sharing.quality import rules, sheets
from rongxin.vocabulary.zone import BUSINESS_ZONE


def of(provider: str, month: str | None, *, as_of: datetime) -> dict[str, Any]:
    """Return a month's feedback with the objections lodged in it; raises `UnknownParty`, `BadMonth`."""
    told = usage_feedback.of(provider, month, as_of=as_of)
    return told | {"objections": counts(provider, sheets.checked_month(month, as_of=as_of))}


def counts(provider: str, month: str) -> list[dict[str, Any]]:
    """Count the objections lodged in a month by item and what became of them; `late`: past their clock."""
    first, last = rules.span_of(month)
    rows = Objection.objects.filter(
        provider=provider,
        lodged_at__gte=datetime.combine(first, time(), BUSINESS_ZONE),
        lodged_at__lt=datetime.combine(last + timedelta(days=1), time(), BUSINESS_ZONE),
    ).values_list("item", "state", "escalated_at")
    by_item: dict[str, Counter[str]] = {}
    for item, state, escalated_at in rows:
        counted = by_item.setdefault(item, Counter())
        counted.update(["lodged", state, *(["late"] if escalated_at else [])])
    known = loader.load().items
    ended = (State.UPHELD, State.REJECTED, State.WITHDRAWN)
    return [
        {
            "item": item,
            "label": known[item].label if item in known else item,
            "lodged": counted["lodged"],
            **{state.value: counted[state.value] for state in ended},
            "open": counted["lodged"] - sum(counted[state.value] for state in ended),
            "late": counted["late"],
        }
        for item, counted in sorted(by_item.items())
    ]
