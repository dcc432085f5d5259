"""户号 on the pages of consent: asked where an item's provider knows its customers by it, shown masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest

from rongxin.consent import given_numbers

_CHARACTERS = 80


def asked(items: Iterable[str], entered: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return which numbers a page asks for; masked where the first who signed gave them (`entered`)."""
    given = entered or {}
    return [
        {
            "item": item.item,
            "label": field.label,
            "of": item.label,
            "masked": given.get(item.item, {}).get("masked"),
        }
        for item, field in given_numbers.asked(items)
    ]


def sent(request: HttpRequest, items: Iterable[str]) -> dict[str, str]:
    """Return the numbers that a page sent, by item."""
    known = [item.item for item, _ in given_numbers.asked(items)]
    return {name: request.POST.get(f"meter-{name}", "")[:_CHARACTERS] for name in known}
