"""Invented records of an item, for documents, tests and try-outs; the synthetic city is another thing."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from rongxin.catalogue import form
from rongxin.catalogue.schema import Field, Item


def row(item: Item, rng: random.Random) -> dict[str, Any]:
    """Invent one record in its stored form; the same generator state, the same record."""
    return {field.name: value(field, rng) for field in item.fields}


def value(field: Field, rng: random.Random) -> Any:
    """Invent one field's value within the field's own rules."""
    chosen = form.choices(field)
    if chosen:
        return rng.choice(chosen)[0]
    kind = field.field_type
    invented = kind.example(rng)
    if isinstance(invented, int | Decimal) and not isinstance(invented, bool):
        low = field.min if field.min is not None else Decimal(invented)
        high = field.max if field.max is not None else Decimal(invented)
        invented = type(invented)(min(max(Decimal(invented), low), max(high, low)))
    return kind.json(invented)
